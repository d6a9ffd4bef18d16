// The button that records, its own timer and level; whatever happens, the microphone is off when the view is left.
import { html, useEffect, useRef, useState } from "../html.js";
import { Icon } from "../icons.js";
import { duration } from "../format.js";
import { spoken } from "../state.js";
import * as player from "../player.js";
import { canRecord, microphoneProblem, record, whyNot } from "./recorder.js";

// The server hears the first minute of a hum.
const LONGEST_S = 60;

export function Recording({ onFile }) {
  const [state, setState] = useState("off");
  const [seconds, setSeconds] = useState(0);
  const [problem, setProblem] = useState(null);
  const [improved, setImproved] = useState([]);
  const level = useRef(null);
  const own = useRef({ recording: null, leaving: null, began: 0 });

  const off = () => {
    own.current.leaving?.abort();
    own.current.recording = null;
    setState("off");
  };
  useEffect(() => {
    addEventListener("pagehide", off);
    return () => {
      removeEventListener("pagehide", off);
      off();
    };
  }, []);
  useEffect(() => {
    if (state !== "on") return;
    const timer = setInterval(() => {
      const now = (performance.now() - own.current.began) / 1000;
      setSeconds(now);
      if (now >= LONGEST_S) void finish();
    }, 100);
    return () => clearInterval(timer);
  }, [state]);

  const start = async () => {
    setProblem(null);
    if (!canRecord()) return setProblem(whyNot());
    player.pause();
    const leaving = (own.current.leaving = new AbortController());
    setState("asking");
    setImproved([]);
    try {
      const recording = await record({
        signal: leaving.signal,
        onLevel: (now) => level.current && (level.current.style.transform = `scaleX(${Math.min(1, now * 1.4)})`),
        onFailed: (why) => (setState("off"), setProblem(why)),
      });
      own.current.recording = recording;
      own.current.began = performance.now();
      setImproved(recording.improved);
      setSeconds(0);
      setState("on");
      spoken.value = "Recording.";
    } catch (error) {
      setState("off");
      if (!leaving.signal.aborted) setProblem(microphoneProblem(error));
    }
  };
  const finish = async () => {
    const { recording, began } = own.current;
    if (!recording) return;
    own.current.recording = null;
    setState("off");
    const file = await recording.stop();
    const length_s = (performance.now() - began) / 1000;
    spoken.value = `Recorded ${Math.round(length_s)} seconds.`;
    onFile(file, length_s);
  };
  const isOn = state === "on";
  return html`<div class="recording">
    <div class="recording-line">
      <button
        type="button" class="record-button" data-on=${isOn} disabled=${state === "asking"} aria-describedby="recording-why"
        onClick=${isOn ? finish : start}
      ><${Icon} name=${isOn ? "stop" : "microphone"} size=${18} />${isOn ? "Stop" : state === "asking" ? "Asking…" : "Record a hum"}</button>
      ${isOn && html`<span class="recording-time" role="timer">${duration(seconds)}</span>`}
      ${isOn && html`<button type="button" class="button small quiet" onClick=${off}>Cancel</button>`}
    </div>
    ${isOn && html`<span class="level" aria-hidden="true"><span ref=${level}></span></span>`}
    <p id="recording-why" class=${problem ? "problem" : "quiet"} role=${problem ? "alert" : undefined}>
      ${
        problem
          ? `${problem.message} ${problem.remedy}`
          : isOn || state === "asking"
            ? ""
            : canRecord()
              ? "Ten seconds of one voice are enough."
              : `${whyNot().message} ${whyNot().remedy}`
      }
    </p>
    ${
      improved.length > 0 &&
      html`<p class="warning">This browser keeps its ${improved.join(", ")} on, which eats soft notes. Sing a little louder, or drop a recording.</p>`
    }
  </div>`;
}
