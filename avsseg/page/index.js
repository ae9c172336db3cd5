"use strict";
(() => {
  const list = document.getElementById("films"), find = document.getElementById("find");
  const order = document.getElementById("order"), count = document.getElementById("count");
  const films = [...list.children].map((item, place) => {
    const { marked, score, length } = item.dataset;
    return { item, text: item.textContent.toLowerCase(), place, marked: -marked, silent: +marked, score: +score, length: -length };
  });
  const update = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const film of films) {
      film.item.hidden = !words.every((word) => film.text.includes(word));
      shown += !film.item.hidden;
    }
    count.textContent = shown === films.length ? `${shown} videos` : `${shown} of ${films.length} videos`;
  };
  order.addEventListener("change", () => {
    films.sort((a, b) => a[order.value] - b[order.value] || a.place - b.place);
    list.append(...films.map((film) => film.item));
  });
  find.addEventListener("input", update);
  update();
})();
