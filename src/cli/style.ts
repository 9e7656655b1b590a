import { styleText } from "node:util";

/** The few ways in which text stands out; none of them on anything but a terminal, nor with NO_COLOR. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** Styles as far as a stream shows them. */
export function styleFor(stream: NodeJS.WriteStream): Style {
  type Format = Parameters<typeof styleText>[0];
  const as = (format: Format) => (text: string) => styleText(format, text, { stream });
  return { good: as("green"), bad: as("red"), warn: as("yellow"), strong: as("bold"), faint: as("dim") };
}
