import { count } from "../../core/text.ts";
import type { DoctorResult } from "../../usecases/doctor/doctor.ts";
import type { Finding } from "../../usecases/doctor/finding.ts";
import type { Style } from "../style.ts";

/** `doctor` for a person. */
export function presentDoctor(style: Style, result: DoctorResult): string {
  const lines = result.findings.map((finding) => findingLines(style, finding));
  const { problems, remarks, fixed } = result;
  const parts = [
    count(problems, "problem"),
    ...(fixed > 0 ? [`${String(fixed)} put right`] : []),
    ...(remarks > 0 ? [count(remarks, "remark")] : []),
  ];
  return [
    ...lines,
    `  ${problems === 0 && remarks === 0 && fixed === 0 ? "All is well." : `${parts.join(", ")}.`}`,
  ].join("\n");
}

/** One finding: its mark, its lines, what to do. */
export function findingLines(style: Style, { status, text, next = [] }: Finding): string {
  const marks = { pass: style.good("✓"), fixed: style.good("✓"), remark: style.warn("!"), problem: style.bad("✗") };
  const [first = "", ...rest] = text.split("\n");
  return [
    `  ${marks[status]} ${status === "fixed" ? "Put right: " : ""}${first}`,
    ...rest.map((line) => `      ${line}`),
    ...next.map((line) => `      ${style.strong("→")} ${line}`),
  ].join("\n");
}

/** `doctor --json`; its schema is docs/json/doctor.schema.json. */
export function doctorJson(result: DoctorResult) {
  return {
    findings: findingsJson(result.findings),
    problems: result.problems,
    remarks: result.remarks,
    fixed: result.fixed,
  };
}

export function findingsJson(findings: readonly Finding[]) {
  return findings.map(({ check, status, text, next = [] }) => ({ check, status, text, next: [...next] }));
}
