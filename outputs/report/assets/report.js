// Sorting, filtering, copying, colours. Everything that is read is in the page without this.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (text) => { document.getElementById("said").textContent = text; };
  document.documentElement.classList.add("scripted");

  const theme = document.getElementById("theme");
  theme.addEventListener("change", () => { document.documentElement.dataset.theme = theme.value; });

  const opening = document.getElementById("open-all");
  opening?.addEventListener("click", () => {
    const open = all("details").some((each) => !each.open);
    all("details").forEach((each) => { each.open = open; });
    opening.textContent = open ? "Close all details" : "Open all details";
  });

  // A cell sorts by data-v, else as a number if all cells of its column are numbers, else as text.
  const valueOf = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
  const numberOf = (text) => (text === "" ? -Infinity : Number(text.replaceAll(",", "")));
  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const descending = heading.getAttribute("aria-sort") === "ascending" ||
      (!heading.hasAttribute("aria-sort") && heading.classList.contains("n") && column > 0);
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
    const numeric = rows.every(([text]) => !Number.isNaN(numberOf(text)));
    rows.sort(([one], [other]) => {
      const order = numeric ? numberOf(one) - numberOf(other) : one.localeCompare(other, "en", { numeric: true });
      return (descending ? -order : order) || 0;
    });
    all("th", table.tHead).forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    body.append(...rows.map(([, row]) => row));
  };
  all("table.sortable").forEach((table) => {
    all("thead th", table).forEach((heading) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(table, heading));
      heading.replaceChildren(button);
    });
  });

  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (element) => (element.cells ? [...element.cells] : [element]).map((each) => each.textContent).join(" ");
  const holds = (element, wanted) => {
    const text = textOf(element).toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  all("input.rows").forEach((input) => {
    const part = input.closest("details");
    const rows = all("tbody tr", part);
    const told = part.querySelector("output");
    input.addEventListener("input", () => {
      const wanted = words(input.value);
      rows.forEach((row) => { row.hidden = !holds(row, wanted); });
      told.textContent = wanted.length ? `${rows.filter((row) => !row.hidden).length} of ${rows.length} flows` : "";
    });
  });

  const search = document.getElementById("search");
  if (search) {
    const least = document.getElementById("least");
    const suppressed = document.getElementById("with-suppressed");
    const cards = all("article.card");
    const filter = () => {
      const wanted = words(search.value);
      cards.forEach((card) => {
        const row = document.querySelector(`tr[data-card="${card.id}"]`);
        card.hidden = Number(card.dataset.rank) < Number(least.value) ||
          (!suppressed.checked && "hidden" in card.dataset) || !holds(card, wanted);
        row.hidden = card.hidden;
      });
      all("main > section").forEach((section) => {
        const inside = all("article.card", section);
        section.hidden = inside.length > 0 && inside.every((card) => card.hidden);
      });
      const left = cards.filter((card) => !card.hidden).length;
      document.getElementById("shown").textContent = left < cards.length ? `${left} of ${cards.length} sources` : "";
    };
    [search, least, suppressed].forEach((each) => each.addEventListener("input", filter));
  }

  // The clipboard is refused to some pages (mail attachments, old browsers): then the text is selected instead.
  all("button.copy").forEach((button) => {
    button.addEventListener("click", async () => {
      const code = button.closest(".command").querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        say("copied");
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        say("selected: copy it with the keyboard");
        button.textContent = "Selected";
      }
    });
  });
})();
