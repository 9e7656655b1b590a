import type { NotifyConfig } from "../../core/config/lifecycle-config.ts";
import { messageOf } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import { SECOND } from "../../core/time.ts";
import type { Channel, Message } from "../../ports/notifier.ts";
import { notifyFailed, quotedAnswer } from "./failure.ts";
import { type Mail, sendMail } from "./run.ts";
import { type ReadSecret, secretLine } from "./secret-file.ts";

type EmailConfig = Extract<NotifyConfig, { type: "email" }>;

/** Mail to the address that the configuration has for a box's owner. */
export function email(name: string, config: EmailConfig, read: ReadSecret): Channel {
  return {
    name,
    check: () => {
      passwordOf(config, read);
    },
    reaches: (message) => message.email !== undefined,
    deliver: async (message, signal) => {
      const to = message.email;
      if (to === undefined) throw notifyFailed({ what: `${message.owner} has no address for e-mail.` });
      await deliver({ config, to, signal }, read, message);
    },
  };
}

interface Delivery {
  readonly config: EmailConfig;
  readonly to: string;
  readonly signal: AbortSignal;
}

async function deliver({ config, to, signal }: Delivery, read: ReadSecret, message: Message): Promise<void> {
  const { host, port, security, user, timeout } = config;
  const password = passwordOf(config, read);
  const login = user === null || password === undefined ? undefined : { user, password: password.reveal() };
  try {
    await sendMail(
      { host, port, security, login, signal, timeout: timeout * SECOND },
      mailOf(config.from, to, message),
    );
  } catch (error) {
    const { code } = error as { code?: string };
    throw notifyFailed({
      what: `the mail server ${host} did not take the notice.`,
      why: quotedAnswer(messageOf(error), password === undefined ? [] : [password]),
      next: code === "ETLS" || code === "ESOCKET" ? ["Look at host, port and security of this channel in notify"] : [],
    });
  }
}

function passwordOf({ passwordFile }: EmailConfig, read: ReadSecret): Secret | undefined {
  return passwordFile === null ? undefined : secretLine(read, passwordFile, "the mail server's password");
}

/** The same message id for every try of one notice: a mailbox that has it already can tell. */
function mailOf(from: string, to: string, message: Message): Mail {
  const { id, subject, body, at, host } = message;
  const domain = from.slice(from.lastIndexOf("@") + 1);
  return {
    ...{ from, to, at, body },
    fromName: `devbox-ctl on ${host}`,
    subject: `[${host}] ${subject}`,
    messageId: `<${id}.devbox-ctl@${domain}>`,
  };
}
