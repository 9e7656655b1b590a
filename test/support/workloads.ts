/** What goes on in a box, and what a look at it has to say. */
export interface Workload {
  readonly box: string;
  /** In a person's words. */
  readonly what: string;
  /** Its image has everything, not only a shell and its tools. */
  readonly isFull?: boolean;
  /** Started as dev in the workspace, and left running; `undefined`: the test does it. */
  readonly script: string | undefined;
  readonly verdict: "idle" | "in use" | "held";
  /** What the verdict comes from, as it is kept with the box. */
  readonly by?: string;
}

/** A program under the name of an agent. */
const named = (program: string): string => `cp ${program} /tmp/claude`;
const TREE = "mkdir -p /tmp/tree && cd /tmp/tree && for i in $(seq 500); do echo x >f$i; done";
/** What a bundler that polls does: looks at each file's time once a second. */
const POLL = (work: string): string =>
  `node -e 'const fs=require("fs"),files=fs.readdirSync(".");
require("http").createServer((q,r)=>r.end("ok")).listen(3000);
for(const f of files)fs.watchFile(f,{interval:1000},()=>{});
setInterval(()=>{${work}},1000)'`;
const HEADERS = ["regex", "map", "algorithm", "iostream", "functional", "random"]
  .map((h) => `#include <${h}>`)
  .join("\\n");

/** The corpus: what is met in boxes. Spans are shortened in the test, so that a minute shows what a day does. */
export const CORPUS: readonly Workload[] = [
  { box: "untouched", what: "a box that nobody touched since it was made", script: "", verdict: "idle" },
  {
    box: "editor",
    what: "a code-server tab left open in Chromium, nobody at it",
    isFull: true,
    script: undefined,
    verdict: "idle",
  },
  { box: "ssh", what: "an SSH session with a shell, nothing typed", script: undefined, verdict: "idle" },
  {
    box: "typing",
    what: "an SSH session in which somebody types now and then",
    script: undefined,
    verdict: "in use",
    by: "terminal",
  },
  { box: "tmux", what: "tmux with a sleeping shell", script: "tmux new-session -d 'exec bash'", verdict: "idle" },
  {
    box: "agent",
    what: "an agent that takes a step, writes a line, and sleeps",
    script: `${named("/bin/bash")} && tmux new-session -d "exec /tmp/claude -c 'while :; do sleep 15; echo step; done'"`,
    verdict: "in use",
    by: "agent claude",
  },
  {
    box: "forgotten",
    what: "an agent that has long done nothing",
    script: `${named("/bin/sleep")} && exec /tmp/claude 6000`,
    verdict: "idle",
  },
  {
    box: "compile",
    what: "a compile (g++, one file after the other), output outside of the workspace",
    isFull: true,
    script: `cd /tmp && printf '${HEADERS}\\nint main(){std::regex r("a|b");return std::regex_match("a",r);}' >m.cpp && while :; do g++ -O2 -o m m.cpp; done`,
    verdict: "in use",
    by: "cpu",
  },
  {
    box: "polling",
    what: "a dev server that polls 500 files once a second, nobody looks at it",
    isFull: true,
    script: `${TREE} && exec ${POLL("")}`,
    verdict: "idle",
  },
  {
    box: "rebuilding",
    what: "the same, which computes half of each second",
    isFull: true,
    script: `${TREE} && exec ${POLL("for(const t=Date.now()+500;Date.now()<t;);")}`,
    verdict: "in use",
    by: "cpu",
  },
  {
    box: "syncthing",
    what: "Syncthing that scans its folder every three seconds",
    isFull: true,
    script: undefined,
    verdict: "idle",
  },
  {
    box: "cron",
    what: "a job that works a moment every five seconds, and writes its log outside of the workspace",
    script: "while :; do sleep 5; date >>/tmp/log; sha256sum /bin/bash >>/tmp/log; done",
    verdict: "idle",
  },
  {
    box: "cronwrites",
    what: "the same job, which writes into the workspace",
    script: "while :; do sleep 5; date >>report; done",
    verdict: "in use",
    by: "workspace",
  },
  {
    box: "fork",
    what: "a process that a session left behind, asleep",
    script: "(sleep 6000 &) ; exit",
    verdict: "idle",
  },
  { box: "hold", what: "a hold file, and nothing else", script: "echo 1d >~/.devbox-hold", verdict: "held" },
];
