import type { FieldError, ProblemCode, ProblemDetails } from "./types";

/** `unreachable`: no answer came; `unreadable`: something other than the API answered. */
export type FailureCode = ProblemCode | "unreachable" | "unreadable";

/** What the API says when it refuses, in plain words (`detail`), or that it could not be asked (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly code: FailureCode;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly body: Partial<ProblemDetails>;

  constructor(status: number, body: Partial<ProblemDetails> = {}) {
    super(body.detail ?? `status ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "unreachable" : "unreadable");
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? [];
    this.body = body;
  }

  /** Whether nothing is at this address, or nothing ever can be: it is no id. */
  get isMissing(): boolean {
    return this.status === 404 || this.status === 422;
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}
