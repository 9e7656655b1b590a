import { count } from "../../core/text.ts";
import type { ImageCheckResult } from "../../usecases/image-check/check.ts";
import type { Style } from "../style.ts";
import { findingLines, findingsJson } from "./doctor.ts";

/** `image check` for a person. */
export function presentImageCheck(style: Style, { image, findings, problems }: ImageCheckResult): string {
  const verdict =
    problems === 0
      ? `${image} keeps the image contract.`
      : `${image} does not keep the image contract: ${count(problems, "problem")}; see docs/image-contract.md.`;
  return [...findings.map((finding) => findingLines(style, finding)), `  ${verdict}`].join("\n");
}

/** `image check --json`; its schema is docs/json/image-check.schema.json. */
export function imageCheckJson({ image, findings, problems }: ImageCheckResult) {
  return { image, findings: findingsJson(findings), problems };
}
