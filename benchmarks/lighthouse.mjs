// Lets Lighthouse look at the pages whose addresses it is given, and writes one line of JSON for each.
// Arguments: the folder with Lighthouse's node_modules, Chromium, its flags as JSON, then the addresses.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, chromePath, flags, ...addresses] = process.argv.slice(2);
const find = createRequire(pathToFileURL(`${folder}/`));
const bring = (name) => import(pathToFileURL(find.resolve(name)));
const { default: lighthouse } = await bring("lighthouse");
const { launch } = await bring("chrome-launcher");

const chrome = await launch({ chromePath, chromeFlags: JSON.parse(flags) });
// A browser that has just started is slow for reasons of its own: its first look does not count.
await lighthouse(addresses[0], { port: chrome.port, logLevel: "error" });
for (const address of addresses) {
  const { lhr } = await lighthouse(address, { port: chrome.port, logLevel: "error" });
  const scores = Object.values(lhr.categories).map(({ title, score }) => [title, Math.round(100 * score)]);
  const faults = Object.values(lhr.categories)
    .flatMap(({ auditRefs }) => auditRefs)
    .filter(({ id, weight }) => weight && lhr.audits[id].score !== null && lhr.audits[id].score < 0.9)
    .map(({ id }) => `${id} ${lhr.audits[id].displayValue ?? ""}`.trim());
  const loaded = lhr.audits["network-requests"].details.items.map(({ url, resourceSize }) => [url, resourceSize]);
  console.log(JSON.stringify({ address, scores: Object.fromEntries(scores), faults, loaded }));
}
await chrome.kill();
