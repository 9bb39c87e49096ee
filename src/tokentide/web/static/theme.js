// Sets what styles depend on before anything is drawn, so that no page flashes or jumps.
"use strict";
document.documentElement.dataset.theme = localStorage.getItem("tokentide.theme") || "system";
document.documentElement.classList.add("js");
