// A recording from the microphone, as true as a browser gives one: what improves speech is asked off, and read back.

// MP4 where it is offered (it has a length); else whatever the browser likes best: the server looks at the content.
const TYPES = ["audio/mp4", "audio/webm;codecs=opus", "audio/ogg;codecs=opus"];
const IMPROVEMENTS = {
  echoCancellation: "echo cancelling",
  noiseSuppression: "noise suppression",
  autoGainControl: "gain control",
};
const SUFFIX = { "audio/mp4": "m4a", "audio/webm": "webm", "audio/ogg": "ogg", "audio/wav": "wav" };

export const canRecord = () => Boolean(globalThis.navigator?.mediaDevices?.getUserMedia) && Boolean(globalThis.MediaRecorder);

/** Why there is no microphone here, and what helps. */
export function whyNot() {
  if (!globalThis.isSecureContext) {
    return {
      message: "This browser lends its microphone only to pages that come by https, or from this machine.",
      remedy:
        "Open the page as https://…, or on the machine itself as http://localhost. A recording that you drop here works in any case.",
    };
  }
  return { message: "This browser does not record.", remedy: "Record with another program and drop the file here." };
}

/** The type to record in, of those that a browser says it knows; null leaves it to the browser. */
export function typeToRecord(Recorder = globalThis.MediaRecorder) {
  if (typeof Recorder?.isTypeSupported !== "function") return null;
  return TYPES.find((type) => Recorder.isTypeSupported(type)) ?? null;
}

/** What a recording of a type is called: "recording.m4a". */
export function fileName(type) {
  const suffix = SUFFIX[(type ?? "").split(";")[0].trim()];
  return suffix ? `recording.${suffix}` : "recording";
}

/** What a browser does to the sound although it was asked not to, in words. */
export const improvements = (settings) =>
  Object.entries(IMPROVEMENTS)
    .filter(([name]) => settings?.[name] === true)
    .map(([, word]) => word);

/** What is said of an error of getUserMedia. */
export function microphoneProblem(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") {
    return {
      message: "The microphone was not allowed to this page.",
      remedy: "Allow it beside the address in your browser, and try again.",
    };
  }
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") {
    return { message: "There is no microphone here.", remedy: "Connect one, or drop a recording." };
  }
  if (error.name === "NotReadableError" || error.name === "AbortError") {
    return { message: "The microphone is used by another program.", remedy: "Close that, and try again." };
  }
  return { message: `The microphone cannot be used: ${error.message || error.name}.`, remedy: "Drop a recording instead." };
}

/**
 * Begin to record. `onLevel` hears how loud it is now (0 to 1), `onFailed` what ended it early. The answer has `improved` (what the
 * browser does to it all the same), `stop()`, which gives the file, and `cancel()`; after either, and after an error, the
 * microphone is off.
 */
export async function record({ signal, onLevel = () => {}, onFailed = () => {} }) {
  const wanted = Object.fromEntries(Object.keys(IMPROVEMENTS).map((name) => [name, false]));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...wanted, channelCount: { ideal: 1 } } });
  const release = () => stream.getTracks().forEach((track) => track.stop());
  // Who left while the browser was still asking wants no microphone any more.
  if (signal.aborted) {
    release();
    throw new DOMException("It is no longer wanted.", "AbortError");
  }
  try {
    return begin(stream, release, { signal, onLevel, onFailed });
  } catch (error) {
    release();
    throw error;
  }
}

function begin(stream, release, { signal, onLevel, onFailed }) {
  const type = typeToRecord();
  const recorder = new MediaRecorder(stream, type ? { mimeType: type } : undefined);
  const parts = [];
  const meter = levelMeter(stream, onLevel);
  let isOver = false;
  const end = () => {
    if (isOver) return false;
    isOver = true;
    meter();
    if (recorder.state !== "inactive") recorder.stop();
    release();
    return true;
  };
  const fail = (error) => end() && onFailed(microphoneProblem(error));
  recorder.addEventListener("dataavailable", (event) => event.data.size && parts.push(event.data));
  recorder.addEventListener("error", (event) => fail(event.error ?? new Error("it stopped")));
  for (const track of stream.getAudioTracks()) {
    track.addEventListener("ended", () => fail(new DOMException("", "NotFoundError")));
  }
  signal.addEventListener("abort", end);
  try {
    recorder.start(500);
  } catch (error) {
    end();
    throw error;
  }
  return {
    improved: improvements(stream.getAudioTracks()[0]?.getSettings?.()),
    cancel: end,
    stop: () =>
      new Promise((resolve) => {
        recorder.addEventListener("stop", () => {
          const kind = recorder.mimeType || type || "";
          resolve(new File(parts, fileName(kind), { type: kind }));
        });
        end();
      }),
  };
}

/** Tell how loud a stream is, as often as the screen is painted; returns what ends that. */
function levelMeter(stream, onLevel) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let frame = 0;
  const look = () => {
    analyser.getFloatTimeDomainData(samples);
    let most = 0;
    for (const sample of samples) most = Math.max(most, Math.abs(sample));
    onLevel(most);
    frame = requestAnimationFrame(look);
  };
  look();
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}
