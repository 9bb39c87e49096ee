// Sets the colours before anything is drawn, so that no page flashes.
"use strict";
document.documentElement.dataset.theme = localStorage.getItem("tokentide.theme") || "system";
