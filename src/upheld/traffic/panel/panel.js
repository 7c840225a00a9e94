/* The choice panel: others' code waits here until a visitor allows it. Nothing is loaded, kept or sent before. Served by the privacy centre. */
(() => {
'use strict';
const setup = SETUP, doc = document, me = doc.currentScript;
const words = setup.words[doc.documentElement.lang.slice(0, 2)] || setup.words.en;
const region = (me && me.dataset.region || '').toLowerCase();
const free = setup.free.some(f => region === f || region.startsWith(f + '-'));
const signal = navigator.globalPrivacyControl === true || navigator.doNotTrack === '1';
const asked = setup.tags.filter(t => t.asked), names = asked.map(t => t.name);
const COOKIE = 'upheld_choice', day = () => Math.floor(Date.now() / 864e5);

// What was chosen: day.mark.names. It holds for twelve months, and a refusal through every change of the tags.
const kept = () => {
  const found = doc.cookie.match(/(?:^|; )upheld_choice=(\d+)\.([0-9a-f]+)\.([\w+-]*)/);
  return found && day() - found[1] < setup.days ? {mark: found[2], names: found[3].split('+').filter(n => names.includes(n))} : null;
};
const allowed = () => {
  const chosen = kept();
  return signal ? [] : chosen ? chosen.names : free ? names : [];
};
const mustAsk = () => {
  const chosen = kept();
  return !signal && !free && asked.length && (!chosen || chosen.names.length && chosen.mark !== setup.mark);
};

// Running what is allowed: the tag's own script once, and what the page holds marked with data-tag.
const done = new Set();
const run = () => {
  const may = allowed();
  for (const tag of setup.tags) {
    if (tag.asked && !may.includes(tag.name)) continue;
    if (tag.script && !done.has(tag.name)) {
      done.add(tag.name);
      const s = doc.createElement('script');
      s.src = tag.script;
      s.async = true;
      doc.head.append(s);
    }
    for (const held of doc.querySelectorAll(`[data-tag="${tag.name}"]`)) {
      if (done.has(held)) continue;
      done.add(held);
      if (held.tagName !== 'SCRIPT') { if (held.dataset.src) held.src = held.dataset.src; continue; }
      const s = doc.createElement('script');
      for (const {name, value} of held.attributes) if (!['type', 'data-tag', 'data-src'].includes(name)) s.setAttribute(name, value);
      if (held.dataset.src) s.src = held.dataset.src;
      s.nonce = held.nonce;
      s.text = held.text;
      done.add(s);
      held.replaceWith(s);
    }
  }
};

// Taking back: what a tag declared to keep is removed, and the page begins anew without it.
const like = pattern => new RegExp('^' + pattern.split('*').map(p => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*') + '$');
const forget = tag => {
  const hosts = ['', ...location.hostname.split('.').map((_, i, all) => all.slice(i).join('.')).filter(h => h.includes('.'))];
  for (const pair of doc.cookie.split('; ')) {
    const name = pair.split('=')[0];
    if (tag.cookies.some(p => like(p).test(name)))
      for (const host of hosts) doc.cookie = `${name}=; max-age=0; path=/${host && '; domain=' + host}`;
  }
  for (const store of [localStorage, sessionStorage])
    for (const key of Object.keys(store)) if (tag.storage.some(p => like(p).test(key))) store.removeItem(key);
};

const choose = chosen => {
  const before = allowed(), secure = location.protocol === 'https:' ? '; secure' : '', domain = setup.domain ? '; domain=' + setup.domain : '';
  const value = `${day()}.${setup.mark}.${chosen.join('+')}`;
  doc.cookie = `${COOKIE}=${value}; path=/; max-age=${setup.days * 86400}; samesite=lax${secure}${domain}`;
  let receipt = '';
  try {
    receipt = localStorage.upheld_receipt || Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');
    localStorage.upheld_receipt = receipt;
  } catch { /* a browser that keeps nothing: the choice holds as long as its cookie */ }
  const sent = fetch(setup.at + '/panel/choice', {
    method: 'POST', mode: 'no-cors', credentials: setup.domain ? 'include' : 'omit', keepalive: true, referrerPolicy: 'origin',
    body: JSON.stringify({receipt, allowed: chosen, panel: setup.mark, region}),
  }).catch(() => {});
  show(false);
  doc.dispatchEvent(new CustomEvent('upheld:choice', {detail: chosen}));
  const gone = asked.filter(t => before.includes(t.name) && !chosen.includes(t.name));
  if (!gone.length) return run();
  gone.forEach(forget);
  Promise.race([sent, new Promise(r => setTimeout(r, 1000))]).then(() => location.reload());
};

// The panel itself: not in the way, first for the keyboard, both answers alike and side by side.
let root, opener, foot;
const make = (name, text, attributes = {}, ...inside) => {
  const e = doc.createElement(name);
  if (text) e.textContent = text;
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...inside);
  return e;
};
const button = (text, what, act) => {
  const e = make('button', text, {type: 'button', 'data-upheld': what});
  e.onclick = act;
  return e;
};
const show = (open, byVisitor) => {
  root.querySelector('.panel')?.remove();
  foot.hidden = open && !signal;
  opener.setAttribute('aria-expanded', open);
  if (!open) { if (byVisitor) opener.focus(); return; }
  const may = allowed(), boxes = asked.map(t => {
    const box = make('input', '', {type: 'checkbox', id: t.name});
    box.checked = may.includes(t.name);
    return box;
  });
  const list = make('ul', '', {}, ...asked.map((t, i) => make('li', '', {},
    boxes[i], make('label', ` ${t.company}: ${t.for} `, {for: t.name}),
    make('a', words.clause, {href: `${setup.at}/policy#${t.clause}`, 'aria-label': `${words.clause}: ${t.company}`}))));
  const panel = make('section', '', {class: 'panel', 'aria-labelledby': 'h', 'aria-describedby': 'p', tabindex: '-1'},
    make('h2', words.title, {id: 'h'}), make('p', words.text, {id: 'p'}),
    make('div', '', {class: 'row'},
      button(words.none, 'none', () => choose([])), button(words.all, 'all', () => choose(names))),
    make('details', '', {}, make('summary', words.more), list,
      button(words.some, 'some', () => choose(names.filter((_, i) => boxes[i].checked))),
      make('p', '', {}, make('a', words.rights, {href: setup.at + '/choices'}))));
  panel.onkeydown = e => { if (e.key === 'Escape' && !mustAsk()) show(false, true); };
  root.prepend(panel);
  if (byVisitor) panel.focus();
};
const build = () => {
  let sheet;
  try { (sheet = new CSSStyleSheet()).replaceSync(setup.style); } catch { sheet = null; /* a browser from before 2023 */ }
  const shadow = (name, put) => {
    const host = make(name), inside = host.attachShadow({mode: 'open'});
    if (sheet) inside.adoptedStyleSheets = [sheet]; else inside.append(make('style', setup.style));
    put(host);
    return inside;
  };
  root = shadow('upheld-panel', host => doc.body.prepend(host));
  opener = button(words.open, 'open', () => show(true, true));
  foot = make('section', '', {class: 'foot', 'aria-label': words.open}, opener);
  if (signal) foot.append(make('span', words.honoured, {role: 'status'}));
  shadow('upheld-foot', host => (doc.querySelector('[data-upheld-here]') || doc.body).append(host)).append(foot);
  if (mustAsk()) show(true);
};
window.upheld = {allowed: name => allowed().includes(name), open: () => root && show(true, true)};
if (!setup.tags.length) return;
run();
if (doc.readyState === 'loading') doc.addEventListener('DOMContentLoaded', () => { run(); build(); }); else build();
})();
