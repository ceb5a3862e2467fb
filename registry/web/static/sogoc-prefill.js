// The prefill button of Sổ Gốc: docs/button.md. It is no dependency of the form: whatever fails
// here, the form goes on by hand.
"use strict";
(() => {
  const tag = document.currentScript, set = tag.dataset;
  const home = new URL(tag.src).origin;
  const en = (set.lang || document.documentElement.lang || "vi").startsWith("en");
  const say = (vi, english) => (en ? english : vi);
  const form = document.querySelector(set.form || "form");
  if (!form) return;

  const make = (name, text, more = {}) =>
    Object.assign(document.createElement(name), { textContent: text, ...more });
  const sheet = new CSSStyleSheet();
  // In a layer, so that any rule of the page's own wins.
  sheet.replaceSync(`@layer sogoc{.sogoc{margin:1rem 0}.sogoc button{min-height:2.75rem;font:inherit}
.sogoc-note{display:block;font-size:.9375em}.sogoc-note select{font:inherit;max-width:100%}
.sogoc-note button{min-height:2rem;font:inherit}[data-sogoc-locked]{opacity:.85}}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  const box = make("div", "", { className: "sogoc" });
  const button = make("button", say("Điền từ Sổ Gốc", "Fill from Sổ Gốc"), { type: "button" });
  const status = make("p", "", { className: "sogoc-status" });
  status.setAttribute("role", "status");
  const others = make("div", "");
  box.append(button, status, others);
  form.prepend(box);

  const hidden = (name, value) => {
    const found = form.querySelector(`input[name="${name}"]`);
    const input = found || form.appendChild(make("input", "", { type: "hidden", name }));
    input.value = value;
  };
  const tell = (name, detail) =>
    form.dispatchEvent(new CustomEvent(`sogoc:${name}`, { bubbles: true, detail }));

  // The breaker: three failures, or a server that is slow to say that it is ready.
  let failures = 0, answer = null, notes = new Map(), checked = false;
  const rest = () => {
    failures = 0;
    button.disabled = true;
    hidden("sogoc_degraded", "1");
    status.textContent = say(
      "Điền sẵn tạm thời không dùng được. Bạn cứ điền bằng tay và nộp; sẽ thử lại sau một phút.",
      "Prefill is out of order for now. Fill the form in by hand; it is tried again in a minute.");
    tell("degraded", {});
    setTimeout(wake, 60000);
  };
  const failed = () => {
    failures += 1;
    if (failures >= 3) rest();
    else status.textContent = say("Chưa điền được, hãy thử lại.", "It did not work; try again.");
  };
  const wake = async () => {
    try {
      const told = await fetch(`${home}/button/ready`, { signal: AbortSignal.timeout(3000) });
      if (!told.ok) throw new Error("not ready");
      button.disabled = false;
      form.querySelector('input[name="sogoc_degraded"]')?.remove();
      status.textContent = "";
    } catch { rest(); }
  };
  const ask = async (path, body) => {
    const told = await fetch(`${home}/button/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": en ? "en" : "vi" },
      body: JSON.stringify({ receipt: answer.receipt, pass: answer.pass, ...body }),
      signal: AbortSignal.timeout(10000),
    });
    if (told.ok) return told.json();
    if (told.status >= 500) throw new Error("unavailable");
    const problem = await told.json();
    status.textContent = problem.detail;
    return null;
  };

  // At the click itself, or browsers take it for an advertisement.
  button.addEventListener("click", () => {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    const state = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const query = new URLSearchParams({
      client_id: set.client, procedure: set.procedure, case: set.case, origin: location.origin,
      state, lang: en ? "en" : "vi",
    });
    const opened = open(`${home}/button/start?${query}`, "sogoc", "popup,width=480,height=760");
    if (!opened) {
      status.textContent = say("Trình duyệt chặn cửa sổ: hãy cho phép rồi bấm lại.",
        "The browser blocked the window: allow it and press again.");
      return;
    }
    status.textContent = say("Hãy đồng ý trong cửa sổ vừa mở.", "Agree in the window that opened.");
    const watch = setInterval(() => { if (opened.closed) end(); }, 700);
    const end = () => { clearInterval(watch); removeEventListener("message", hear); };
    const hear = (event) => {
      const told = event.data;
      if (event.origin !== home || event.source !== opened || told?.type !== "sogoc-prefill" ||
        told.state !== state) return;
      end();
      if (told.answer) return fill(told.answer);
      if (told.error === "unavailable") return failed();
      status.textContent = told.error === "declined"
        ? say("Bạn đã từ chối: không có gì được chia sẻ. Hãy điền bằng tay.",
          "You declined: nothing was shared. Fill the form in by hand.")
        : say("Không điền sẵn được. Hãy điền bằng tay.", "It can't be filled. Fill it by hand.");
      tell("declined", { error: told.error });
    };
    addEventListener("message", hear);
  });

  const many = (key) => /^([^.]+)\.(\d+)\.(.+)$/.exec(key);
  const find = (key) => {
    const at = many(key), name = at ? `${at[1]}[${at[2]}].${at[3]}` : key;
    const by = (text) => form.querySelector(`[data-sogoc-key="${text}"]`);
    return form.elements[name] || form.elements[key] || (at ? null : by(key));
  };
  // A list of people starts with one; the others get a fieldset like the first one's.
  const grow = (key) => {
    const at = many(key);
    const first = at && form.querySelector(`[data-sogoc-role="${at[1]}"][data-sogoc-many]`);
    if (!first || at[2] === "0" || find(key)) return;
    const copy = first.cloneNode(true);
    for (const note of copy.querySelectorAll(".sogoc-note")) note.remove();
    for (const input of copy.querySelectorAll("[name]")) {
      input.name = input.name.replace("[0]", `[${at[2]}]`);
      input.value = "";
    }
    [...form.querySelectorAll(`[data-sogoc-role="${at[1]}"]`)].pop().after(copy);
  };

  const written = (value) => Array.isArray(value)
    ? value.map((each) => typeof each === "object" ? Object.values(each).join(" ") : each).join("; ")
    : String(value ?? "");
  const read = (input) => (input.type === "checkbox" ? String(input.checked) : input.value);
  const lock = (input, on) => {
    input.toggleAttribute("data-sogoc-locked", on);
    if (input.options) for (const each of input.options) each.disabled = on && !each.selected;
    else if (input.type === "checkbox") input.onclick = on ? () => false : null;
    else input.readOnly = on;
  };
  const put = (input, leaf) => {
    const value = written(leaf.code ?? leaf.value);
    if (input.type === "checkbox") input.checked = value === "true";
    else {
      if (input.options && ![...input.options].some((each) => each.value === value))
        input.add(new Option(leaf.text || value, value));
      // Of some births only the year is known.
      if (input.type === "date" && value.length < 10) input.type = "text";
      input.value = value;
    }
  };

  const whence = {
    citizens: say("Cơ sở dữ liệu dân cư", "the population register"),
    households: say("Sổ hộ gia đình", "the household register"),
    civil_status: say("Sổ hộ tịch", "the civil-status register"),
    parcels: say("Cơ sở dữ liệu đất đai", "the land register"),
  };
  const why = {
    awaiting_consent: say("Chờ người này đồng ý.", "Waits for this person to agree."),
    declined: say("Người này đã từ chối.", "This person declined."),
    withheld: say("Thông tin được bảo vệ.", "Protected information."),
    under_review: say("Đang được xác minh, hãy kiểm tra lại.", "Under review: please check."),
    register_down: say("Sổ này tạm thời không trả lời.", "This register does not answer now."),
    no_consent: say("Bạn không chia sẻ mục này.", "You did not share this."),
  };
  const day = (text) => text.slice(0, 10).split("-").reverse().join("/");
  const note = (input, key) => {
    notes.get(key)?.node.remove();
    const node = make("span", "", { className: "sogoc-note", id: `sogoc-${key}` });
    (input.closest("label") || input).after(node);
    input.setAttribute("aria-describedby", node.id);
    notes.set(key, { node, input });
    return node;
  };

  const show = (key, leaf) => {
    grow(key);
    const input = find(key);
    if (!input || !input.setAttribute) return;
    const node = note(input, key), filled = leaf.value !== undefined || leaf.code !== undefined;
    const mine = notes.get(key);
    lock(input, false);
    if (!filled) {
      const papers = answer.papers.filter((each) => each.needed && each.because?.includes(key));
      const need = papers.map((each) => each.label[en ? "en" : "vi"]).join(", ");
      const reason = why[leaf.reason] || (leaf.reason === "not_in_registers" ? ""
        : say("Sổ chưa có, hãy điền bằng tay.", "Not in the registers: fill it in by hand."));
      node.textContent = reason + (need ? say(` Cần giấy: ${need}.`, ` Paper needed: ${need}.`) : "");
      if (leaf.candidates) choose(node, leaf.candidates);
      return;
    }
    put(input, leaf);
    mine.shown = read(input);
    mine.given = leaf.code ?? leaf.value;
    const from = leaf.source ? whence[leaf.source.register] : "Sổ Gốc";
    node.textContent = say(`Từ ${from}, ngày ${day(leaf.as_of)}. `, `From ${from}, ${day(leaf.as_of)}. `);
    if (leaf.text && !input.options) node.prepend(`${leaf.text}. `);
    if (leaf.state === "under_review") node.append(why.under_review);
    if (leaf.lock === "confirm") {
      const label = make("label", ` ${say("Còn đúng không? Đúng", "Still right? Yes")}`);
      const tick = make("input", "", { type: "checkbox", name: `sogoc_confirm.${key}`, required: true });
      label.prepend(tick);
      node.append(label);
      input.addEventListener("input", () => { tick.required = false; });
    } else if (leaf.lock === "locked") {
      lock(input, true);
      const wrong = make("button", say("Sai?", "Wrong?"), { type: "button" });
      wrong.setAttribute("aria-label", `${say("Báo sai", "Report an error")}: ${leaf.label[en ? "en" : "vi"]}`);
      wrong.addEventListener("click", () => dispute(mine, key, wrong));
      node.append(wrong);
    }
  };
  const dispute = (mine, key, wrong) => {
    lock(mine.input, false);
    const label = make("label", `${say("Lý do", "Reason")} `);
    const select = make("select", "", { name: `sogoc_reason.${key}` });
    for (const [value, text] of [["", "—"], ["moved", say("Đã chuyển chỗ ở", "Moved")],
      ["misspelt", say("Ghi sai chữ, sai số", "Misspelt")],
      ["foreign_event", say("Việc ở nước ngoài", "An event abroad")],
      ["other", say("Lý do khác", "Another reason")]]) select.add(new Option(text, value));
    label.append(select);
    wrong.replaceWith(label);
    mine.reason = select;
    mine.input.focus();
  };
  const choose = (node, candidates) => {
    const select = make("select", "", { ariaLabel: say("Chọn hồ sơ", "Choose a record") });
    for (const each of [{ id: "", label: say("Có nhiều: chọn một", "Several: choose") }, ...candidates])
      select.add(new Option(each.label, each.id));
    select.addEventListener("change", () =>
      again({ choices: { parcels: select.value, civil_status: select.value } }));
    node.replaceChildren(select);
  };

  const again = async (body) => {
    try {
      const told = await ask("refill", body);
      if (told) fill(told);
    } catch { failed(); }
  };
  const fill = (told) => {
    answer = told;
    checked = false;
    hidden("sogoc_receipt", told.receipt);
    hidden("sogoc_salts", JSON.stringify(told.salts));
    for (const [key, leaf] of Object.entries(told.fields)) show(key, leaf);
    status.textContent = say("Đã điền. Hãy xem lại rồi nộp.", "Filled. Look it over, then submit.");
    invitations();
    tell("filled", told);
  };
  const invitations = () => {
    others.replaceChildren();
    for (const { role, number, state } of answer.participants) {
      if (state !== "awaiting_consent") continue;
      const legend = form.querySelector(`[data-sogoc-role="${role}"] legend`);
      const line = make("p", `${legend?.textContent || role}: ${why.awaiting_consent} `);
      const call = make("button", say("Mời đồng ý", "Invite"), { type: "button" });
      call.addEventListener("click", async () => {
        try {
          const made = await ask("invite", { role, number });
          if (!made) return;
          const link = make("a", made.link, { href: made.link, target: "_blank", rel: "noopener" });
          const code = make("strong", made.code, { className: "sogoc-code" });
          call.replaceWith(say("Đưa mã này cho họ: ", "Give them this code: "), code, " ", link);
        } catch { failed(); }
      });
      line.append(call);
      others.append(line);
    }
    if (!others.childElementCount) return;
    const retry = make("button", say("Thử lại", "Try again"), { type: "button" });
    retry.addEventListener("click", () => again({}));
    others.append(retry);
  };

  const submitted = () => Object.fromEntries(Object.entries(answer.fields).map(([key, leaf]) => {
    const mine = notes.get(key);
    // What the form has no place for goes back as it came.
    if (!mine) return [key, leaf.code ?? leaf.value ?? null];
    const now = read(mine.input), value = mine.shown === now ? mine.given : now || null;
    return [key, mine.reason?.value ? { value, reason: mine.reason.value } : value];
  }));
  const mark = (told) => {
    let first = null;
    for (const [key, { result, reason, correction }] of Object.entries(told.fields)) {
      const mine = notes.get(key);
      if (!mine) continue;
      const locked = answer.fields[key].lock === "locked";
      const bad = locked && (result === "changed" || result === "missing") && !reason;
      mine.input.toggleAttribute("aria-invalid", bad);
      mine.node.querySelector("em")?.remove();
      const text = bad ? say(" Khác sổ: hãy chọn lý do.", " Not as registered: give a reason.")
        : correction ? say(` Đã mở yêu cầu cải chính, trả lời trước ${day(correction.due_on)}.`,
          ` A correction is open, answered by ${day(correction.due_on)}.`)
        : result === "unchanged" ? say(" ✓ Khớp với sổ.", " ✓ As registered.") : "";
      if (text) mine.node.append(make("em", text));
      if (bad) first ??= mine;
    }
    return first;
  };
  form.addEventListener("submit", async (event) => {
    if (!answer || checked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const pass = () => { checked = true; form.requestSubmit(event.submitter); };
    try {
      const told = await ask("verify", { fields: submitted() });
      if (!told) return;
      const first = mark(told);
      tell("verified", told);
      if (told.valid) return pass();
      status.textContent = say("Có ô khác với sổ mà chưa có lý do.", "A value differs without a reason.");
      (first?.reason || first?.input)?.focus();
    } catch {
      rest();
      pass();
    }
  }, true);
  wake();
})();
