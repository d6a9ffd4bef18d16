// Markup in template strings, and what views take from Preact: one place, so that a view imports one module.
import { h, render, Fragment } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact-hooks.js";
import { signal, computed, effect, batch, untracked, useSignal, useComputed } from "./vendor/signals.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { render, Fragment, useEffect, useLayoutEffect, useMemo, useRef, useState };
export { signal, computed, effect, batch, untracked, useSignal, useComputed };
