// Examples ask the address that this page came from: another port, a proxy's name.
for (const example of document.querySelectorAll("pre[data-place]")) {
  const code = example.querySelector("code");
  code.textContent = code.textContent.replace(example.dataset.place, location.origin);
}
