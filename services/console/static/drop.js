// Files dropped on a form are put into its file field and sent; a page of progress reloads at its end.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-drop]").forEach((form) => {
      const place = form.querySelector(".drop"), input = form.querySelector("[type=file]");
      ["dragenter", "dragover"].forEach((name) => form.addEventListener(name, (event) => { event.preventDefault(); place.classList.add("over"); }));
      ["dragleave", "drop"].forEach((name) => form.addEventListener(name, (event) => { event.preventDefault(); place.classList.remove("over"); }));
      form.addEventListener("drop", (event) => {
        if (!event.dataTransfer || !event.dataTransfer.files.length) return;
        input.files = event.dataTransfer.files;
        form.requestSubmit();
      });
    });
    document.querySelectorAll("[data-reload]").forEach((section) => section.addEventListener("live", () => {
      if (!section.querySelector("progress")) location.reload();
    }));
  });
})();
