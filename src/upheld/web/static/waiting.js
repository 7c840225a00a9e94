// A page that waits for the worker looks again by itself: the part `waiting` is brought up to date, and the page once it is over.
(() => {
  const look = async () => {
    const here = document.getElementById("waiting");
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const there = page.getElementById("waiting");
      if (!answer.ok || !there) return;
      if (!there.hasAttribute("data-waits")) {
        location.reload();
        return;
      }
      const bar = here.querySelector("progress"), now = there.querySelector("progress");
      if (bar && now) bar.value = now.value;
      else here.innerHTML = there.innerHTML;
    } catch {
      // the next look may do
    }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1500);
})();
