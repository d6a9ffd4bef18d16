// A server that other machines can reach asks for a key: once, in exchange for a cookie that scripts cannot read.
import { html, signal, useEffect, useRef, useState } from "./html.js";
import { ask } from "./api.js";

export const keyIsNeeded = signal(false);

export function KeyDialog() {
  const dialog = useRef(null);
  const [problem, setProblem] = useState(null);
  const needed = keyIsNeeded.value;
  useEffect(() => {
    if (needed && !dialog.current.open) dialog.current.showModal();
  }, [needed]);
  const send = async (event) => {
    event.preventDefault();
    const field = event.target.elements.key;
    try {
      await ask("api/session", { method: "POST", headers: { Authorization: `Bearer ${field.value.trim()}` } });
      field.value = "";
      location.reload();
    } catch (error) {
      setProblem(error);
      field.select();
    }
  };
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="key-title" onCancel=${(event) => event.preventDefault()}>
    <form onSubmit=${send}>
      <h2 id="key-title">This library asks for a key</h2>
      <p>Whoever runs this server can give you one. This browser is asked once; the key itself is not kept.</p>
      <label class="field">
        <span>API key</span>
        <input name="key" type="password" autocomplete="off" required aria-describedby="key-problem" />
      </label>
      <p id="key-problem" class="problem" role="alert">${problem && `${problem.message} ${problem.remedy ?? ""}`}</p>
      <div class="dialog-actions"><button class="button primary" type="submit">Open the library</button></div>
    </form>
  </dialog>`;
}
