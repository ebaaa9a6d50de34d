// Shows a new letter when it arrives, while somebody is looking.
const list = () => document.querySelector("#letters");

async function look() {
  try {
    if (!document.hidden) {
      const { newest } = await (await fetch("/outbox/newest", { cache: "no-store" })).json();
      if (String(newest) !== list().dataset.newest) {
        const text = await (await fetch("/outbox", { cache: "no-store" })).text();
        const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#letters");
        list().replaceWith(fresh);
      }
    }
  } catch {
    // The provider is being restarted or has gone to sleep: ask again later.
  }
  setTimeout(look, 1500);
}

setTimeout(look, 1500);
