// Goes back to the program by itself, once, and copies the link for whoever has to carry it there.
const link = document.querySelector("#return-link");
const copy = document.querySelector("#copy");
const said = document.querySelector("#said");

copy.hidden = false;
copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(link.href);
    said.textContent = "Copied. Paste it into Keyfob.";
  } catch {
    said.textContent = "Your browser does not let this page copy. Copy the address of the button above instead.";
  }
});

if (link.dataset.go === "now") location.assign(link.href);
