// The few calls of jQuery that Folium's own popups and layers make.
window.$ = window.jQuery = function (what) {
  "use strict";
  if (what === document) {
    return {
      ready: function (run) {
        if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
        else run();
      },
    };
  }
  var holder = document.createElement("template");
  holder.innerHTML = String(what).trim();
  return holder.content.childNodes;
};
