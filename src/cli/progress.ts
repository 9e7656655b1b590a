import { took } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import { keepOrder } from "./apart.ts";
import type { Progress } from "../ports/progress.ts";
import { type Style, styleFor } from "./style.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** Milliseconds a frame of the spinner is shown. */
const FRAME = 80;
/** Steps shorter than this are not worth a time, in milliseconds. */
const WORTH_A_TIME = 50;
const TITLE_WIDTH = 24;
const DETAIL_WIDTH = 52;
/** What a line has besides its detail: a mark, the title, and room for a time. */
const REST_WIDTH = 36;

/** A progress that the command can end when an error is about to be shown. */
export interface ShownProgress extends Progress {
  /** Takes a spinner off the screen; the step that was under way is marked as failed. */
  stop(): void;
  /** To be called before anything is said on standard output: lets the lines that were said so far go first. */
  settle(): void;
}

/** Says nothing: for `--json`, `--quiet` and commands whose output is somebody else's. */
export const silentProgress: ShownProgress = {
  begin: () => undefined,
  done: () => undefined,
  failed: () => undefined,
  remark: () => undefined,
  stop: () => undefined,
  settle: () => undefined,
};

/** One line a step on a stream: with a spinner on a terminal, when done elsewhere. */
export function showProgress(stream: NodeJS.WriteStream, clock: Clock, letGo = keepOrder): ShownProgress {
  const style = styleFor(stream);
  const spinner = stream.isTTY ? createSpinner(stream, style) : undefined;
  let current: { step: string; since: number } | undefined;
  let isFresh = false;
  const write = (line: string) => {
    isFresh = true;
    spinner?.clear();
    stream.write(`${line}\n`);
  };
  const failed = () => {
    if (current) write(`  ${style.bad("✗")} ${current.step}`);
    current = undefined;
  };
  return {
    begin: (step) => {
      // What begins while a step is under way is a part of it: shown as long as it takes, and a line of its own
      // where nothing turns, so that a long wait says what it is for.
      if (current && !spinner) write(`  … ${step}`);
      current ??= { step, since: clock.monotonic() };
      spinner?.show(step);
    },
    done: (detail) => {
      if (current === undefined) return;
      const span = clock.monotonic() - current.since;
      const width = Math.min(DETAIL_WIDTH, (stream.isTTY ? stream.columns : Number.POSITIVE_INFINITY) - REST_WIDTH);
      write(doneLine(style, { step: current.step, detail: detail ?? "", span, width }));
      current = undefined;
    },
    remark: (text) => {
      write(`  ${style.warn("!")} ${text}`);
      if (current) spinner?.show(current.step);
    },
    failed,
    settle: () => {
      if (isFresh) letGo();
      isFresh = false;
    },
    stop: () => {
      failed();
      spinner?.clear();
    },
  };
}

interface DoneStep {
  readonly step: string;
  readonly detail: string;
  /** Milliseconds. */
  readonly span: number;
  /** Columns of the detail. */
  readonly width: number;
}

function doneLine(style: Style, { step, detail, span, width }: DoneStep): string {
  const time = span < WORTH_A_TIME ? "" : style.faint(took(span));
  const columns = `${step.padEnd(TITLE_WIDTH)}${time === "" ? detail : detail.padEnd(width)} ${time}`;
  return `  ${style.good("✓")} ${columns}`.trimEnd();
}

function createSpinner(stream: NodeJS.WriteStream, style: Style) {
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    stream.write("\r\u001b[K");
  };
  return {
    clear,
    show: (text: string) => {
      clear();
      let frame = 0;
      const draw = () => {
        stream.write(`\r  ${style.strong(FRAMES[frame % FRAMES.length] ?? "")} ${text} …\u001b[K`);
        frame += 1;
      };
      draw();
      timer = setInterval(draw, FRAME);
      // A spinner must never be what keeps a process alive.
      timer.unref();
    },
  };
}
