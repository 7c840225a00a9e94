/* Counts a visit, without a cookie, without an identity, unless the browser or the visitor said no. */
(() => {
const d = document, n = navigator, at = new URL(d.currentScript.src).origin + '/e';
const no = () => n.globalPrivacyControl === true || n.doNotTrack === '1' || /(?:^|; )upheld_choice=\d+\.\w+\.(?:;|$)/.test(d.cookie);
const send = e => {
  if (no()) return;
  const q = new URLSearchParams();
  for (const [k, v] of new URLSearchParams(location.search))
    if (/^utm_(source|medium|campaign)$/.test(k)) q.set(k, v);
    else if (/^(gclid|gbraid|wbraid|fbclid|msclkid|ttclid|twclid|li_fat_id|yclid|dclid)$/.test(k)) q.set(k, 1);
  let r = '';
  try { r = new URL(d.referrer).origin; } catch {}
  fetch(at, {
    method: 'POST', mode: 'no-cors', credentials: 'omit', keepalive: true, referrerPolicy: 'origin',
    body: JSON.stringify({e, p: location.pathname + ('' + q && '?' + q), r}),
  }).catch(() => {});
};
const go = () => {
  send('page');
  for (const m of d.querySelectorAll('[data-upheld-event]')) send(m.dataset.upheldEvent);
};
window.upheldEvent = send;
const ready = () => d.readyState === 'loading' ? d.addEventListener('DOMContentLoaded', go) : go();
d.prerendering ? d.addEventListener('prerenderingchange', ready, {once: true}) : ready();
})();
