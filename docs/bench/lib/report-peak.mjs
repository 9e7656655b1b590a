// Loaded into the measured process: writes its own peak resident memory (ru_maxrss, KiB) when it ends.
import { writeFileSync } from "node:fs";
import process from "node:process";

const file = process.env.BENCH_PEAK_FILE;
process.on("exit", () => {
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS));
});
