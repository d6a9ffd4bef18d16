import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = { baseURI: "http://127.0.0.1:8000/sonoteca/ui/#/library" };
globalThis.location = { hash: "" };
const { onlyLatest, urlOf } = await import("../../../src/sonoteca/web/api.js");
const { formatAddress, parseAddress } = await import("../../../src/sonoteca/web/addresses.js");

test("addresses of the server stand beside the page, wherever that is", () => {
  assert.equal(urlOf("api/facets", { filter: "a b", none: null }), "http://127.0.0.1:8000/sonoteca/api/facets?filter=a+b");
  assert.equal(urlOf("/health"), "http://127.0.0.1:8000/sonoteca/health");
});

test("an earlier question never answers over a later one, however late it comes", async () => {
  const asking = onlyLatest();
  const answers = [];
  let finishFirst;
  let firstSignal;
  const first = asking((signal) => ((firstSignal = signal), new Promise((resolve) => (finishFirst = resolve)))).then((each) =>
    answers.push(each),
  );
  const second = asking(async () => "second").then((each) => answers.push(each));
  await second;
  finishFirst("first");
  await first;
  assert.deepEqual(answers, ["second", null]);
  assert.equal(firstSignal.aborted, true);
});

test("what goes wrong with an earlier question is nobody's error", async () => {
  const asking = onlyLatest();
  let fail;
  const first = asking(() => new Promise((_, reject) => (fail = reject)));
  await asking(async () => "second");
  fail(new Error("late"));
  assert.equal(await first, null);
  await assert.rejects(
    asking(() => Promise.reject(new Error("now"))),
    /now/,
  );
});

test("an address is what its view says, and back", () => {
  for (const address of [
    { view: "library", id: null, params: { q: 'kind:loop "a & b"', sort: "-bpm" } },
    { view: "sound", id: "k3v9", params: {} },
    { view: "sound", id: "external:LP 10/42", params: {} },
  ]) {
    assert.deepEqual(parseAddress(formatAddress(address)), address);
  }
  assert.equal(parseAddress("").view, "library");
  assert.deepEqual(parseAddress("#/sound/%E0%A4%A").id, "%E0%A4%A");
});
