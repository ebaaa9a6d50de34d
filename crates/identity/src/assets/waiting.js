// Asks how the sign-in stands, so that this page can go on as soon as the link was followed elsewhere.
const page = document.querySelector("[data-stage]");
const { id, stage, failed } = page.dataset;

async function look() {
  try {
    const answer = await fetch(`/app/wait/${id}/state`, { cache: "no-store" });
    if (answer.ok) {
      const now = await answer.json();
      if (now.stage === "go") {
        location.replace(`/app/return/${id}`);
        return;
      }
      if (now.stage !== stage || String(now.failed) !== failed) {
        location.reload();
        return;
      }
    }
  } catch {
    // The provider is being restarted or has gone to sleep: ask again later.
  }
  setTimeout(look, stage === "expired" ? 5000 : 1000);
}

if (["mailed", "code", "returning", "expired"].includes(stage)) setTimeout(look, 1000);
