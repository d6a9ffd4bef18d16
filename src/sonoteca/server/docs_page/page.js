// Shows the OpenAPI document of this server, and asks its routes. Nothing is loaded from elsewhere.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function made(name, properties = {}, ...inner) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inner.filter((each) => each !== null));
  return element;
}

function resolved(schema, whole) {
  if (schema && schema.$ref) {
    const found = schema.$ref.slice(2).split("/").reduce((inner, name) => inner && inner[name], whole);
    return { ...resolved(found, whole), ...schema, $ref: undefined };
  }
  return schema || {};
}

function exampleOf(schema, whole, depth = 0) {
  schema = resolved(schema, whole);
  if (schema.example !== undefined) return schema.example;
  if (schema.examples && schema.examples.length) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.some((each) => each.type === "null") ? null : exampleOf(choices[0], whole, depth);
  if (schema.enum) return schema.enum[0];
  const type = [].concat(schema.type || [])[0];
  if (type === "object" || schema.properties) {
    if (depth > 4) return {};
    return Object.fromEntries(Object.entries(schema.properties || {})
      .map(([name, inner]) => [name, exampleOf(inner, whole, depth + 1)]));
  }
  return { array: [], string: "", number: 0, integer: 0, boolean: false }[type] ?? null;
}

function kindOf(schema, whole) {
  schema = resolved(schema, whole);
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.map((each) => kindOf(each, whole)).filter((each) => each !== "null").join(" or ");
  if (schema.enum) return schema.enum.join(" | ");
  const type = [].concat(schema.type || []).filter((each) => each !== "null").join(" or ");
  return type === "array" ? `list of ${kindOf(schema.items, whole) || "values"}` : type;
}

function isList(schema, whole) {
  return kindOf(schema, whole).startsWith("list");
}

// A row of a form: what it is called, where a value is typed, what it means.
function row(name, schema, told, isRequired, whole) {
  const isFile = schema.format === "binary";
  const input = made("input", { type: isFile ? "file" : "text" });
  if (!isFile) {
    const usual = resolved(schema, whole).default;
    input.placeholder = usual === undefined || usual === null ? "" : [].concat(usual).join(" ");
  }
  const label = made("label", { className: isRequired ? "required" : "", textContent: name });
  const kind = isFile ? "file" : kindOf(schema, whole);
  const more = isList(schema, whole) ? " Several are separated with spaces." : "";
  return { name, input, schema, element: made("tr", {},
    made("td", {}, label), made("td", {}, input), made("td", {}, made("code", { textContent: kind }), ` ${told || ""}${more}`)) };
}

function values(each, whole) {
  const text = each.input.value;
  return isList(each.schema, whole) ? text.split(/\s+/).filter(Boolean) : [text];
}

async function show(output, answer) {
  const kind = answer.headers.get("content-type") || "";
  const head = `${answer.status} ${answer.statusText}\n${[...answer.headers].map(([n, v]) => `${n}: ${v}`).join("\n")}`;
  output.replaceChildren(made("pre", { textContent: head }));
  if (kind.startsWith("audio/")) {
    output.append(made("audio", { controls: true, src: URL.createObjectURL(await answer.blob()) }));
  } else if (kind.startsWith("text/event-stream")) {
    const shown = made("pre");
    output.append(shown);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let got = await reader.read(); !got.done; got = await reader.read()) shown.append(got.value);
  } else {
    const text = await answer.text();
    let told = text;
    try { told = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON: shown as it is */ }
    output.append(made("pre", { textContent: told }));
  }
}

function operationOf(method, path, operation, whole) {
  const parameters = (operation.parameters || []).map((each) => ({
    in: each.in, ...row(each.name, each.schema, each.description, each.required, whole) }));
  const body = resolved(operation.requestBody, whole).content || {};
  const form = resolved((body["multipart/form-data"] || {}).schema, whole);
  const fields = Object.entries(form.properties || {})
    .map(([name, schema]) => row(name, schema, schema.description, (form.required || []).includes(name), whole));
  const json = body["application/json"];
  const text = json && made("textarea", { rows: 8, spellcheck: false,
    value: JSON.stringify(json.example ?? exampleOf(json.schema, whole), null, 2) });
  const output = made("div");

  async function ask() {
    let url = path;
    const query = new URLSearchParams();
    for (const each of parameters) {
      if (each.in === "path") url = url.replace(`{${each.name}}`, encodeURIComponent(each.input.value));
      else if (each.input.value) values(each, whole).forEach((value) => query.append(each.name, value));
    }
    const headers = {};
    const key = document.getElementById("key").value;
    if (key) headers.Authorization = `Bearer ${key}`;
    let sent;
    if (text) {
      headers["Content-Type"] = "application/json";
      sent = text.value;
    } else if (fields.length) {
      sent = new FormData();
      for (const each of fields) {
        if (each.input.type === "file") [...each.input.files].forEach((file) => sent.append(each.name, file));
        else if (each.input.value) values(each, whole).forEach((value) => sent.append(each.name, value));
      }
    }
    output.replaceChildren("Asking …");
    try {
      await show(output, await fetch(url + (query.size ? `?${query}` : ""), { method: method.toUpperCase(), headers, body: sent }));
    } catch (error) {
      output.replaceChildren(made("pre", { textContent: String(error) }));
    }
  }

  const answers = Object.entries(operation.responses || {}).map(([status, told]) => {
    const examples = Object.values(told.content || {}).flatMap((kind) =>
      kind.example !== undefined ? [kind.example] : Object.values(kind.examples || {}).map((each) => each.value));
    return made("details", {}, made("summary", {}, made("code", { textContent: status }), ` ${told.description || ""}`),
      ...examples.map((each) => made("pre", { textContent: JSON.stringify(each, null, 2) })));
  });
  const details = made("details", { id: operation.operationId },
    made("summary", {}, made("span", { className: "method", textContent: method.toUpperCase() }),
      made("span", { className: "path", textContent: path }), operation.summary || ""),
    made("p", { textContent: operation.description || "" }),
    parameters.length + fields.length ? made("table", {}, ...[...parameters, ...fields].map((each) => each.element)) : null,
    text || null,
    made("p", {}, made("button", { textContent: "Ask", onclick: ask })), output, made("h3", { textContent: "Answers" }), ...answers);
  details.dataset.words = `${method} ${path} ${operation.summary}`.toLowerCase();
  return details;
}

async function load() {
  const whole = await (await fetch("/openapi.json")).json();
  document.getElementById("version").textContent = whole.info.version;
  document.getElementById("about").textContent = whole.info.description;
  const subjects = new Map();
  for (const [path, operations] of Object.entries(whole.paths)) {
    for (const method of METHODS.filter((each) => operations[each])) {
      const subject = (operations[method].tags || ["others"])[0];
      if (!subjects.has(subject)) subjects.set(subject, []);
      subjects.get(subject).push(operationOf(method, path, operations[method], whole));
    }
  }
  document.getElementById("routes").replaceChildren(...[...subjects].map(([subject, routes]) =>
    made("section", {}, made("h2", { textContent: subject }), ...routes)));
  document.getElementById("filter").oninput = (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const each of document.querySelectorAll("details[data-words]")) {
      each.hidden = !words.every((word) => each.dataset.words.includes(word));
    }
  };
}

load().catch((error) => { document.getElementById("routes").textContent = String(error); });
