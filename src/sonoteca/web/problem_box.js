// What stands in place of something that could not be had: the server's sentence, what helps, and a button that tries again.
import { html } from "./html.js";

export function ProblemBox({ problem, onAgain = null }) {
  if (!problem) return null;
  return html`<div class="problem-box" role="alert">
    <strong>${problem.message}</strong>
    ${problem.remedy && html`<p>${problem.remedy}</p>`}
    ${onAgain && html`<button type="button" class="button small" onClick=${onAgain}>Try again</button>`}
  </div>`;
}
