// Shows a new letter when it arrives, while somebody is looking.
const list = document.querySelector("#letters");

// Only what is new is put in: replacing the list would have a screen reader read all of it again, or nothing.
async function look() {
  try {
    if (!document.hidden) {
      const known = Number(list.dataset.newest);
      const { newest } = await (await fetch("/outbox/newest", { cache: "no-store" })).json();
      if (newest < known) {
        // Another provider's outbox, at the same address.
        location.reload();
        return;
      }
      if (newest > known) {
        const text = await (await fetch("/outbox", { cache: "no-store" })).text();
        const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#letters");
        const arrived = [...fresh.querySelectorAll("[data-letter]")].filter(
          (letter) => Number(letter.dataset.letter) > known,
        );
        list.querySelector(".empty")?.remove();
        list.querySelector(".letters").prepend(...arrived);
        list.dataset.newest = fresh.dataset.newest;
      }
    }
  } catch {
    // The provider is being restarted or has gone to sleep: ask again later.
  }
  setTimeout(look, 1500);
}

setTimeout(look, 1500);
