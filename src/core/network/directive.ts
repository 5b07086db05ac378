import { parsePython } from '../python/parse';
import type { CallExpression, Comment } from '../python/syntax';

/** `# gradlens: model Net(depth=12) input=3x224x224 batch=16 data=mnist`: how to construct a model and what to feed it. */
export interface Directive {
  readonly modelName: string;
  /** The construction as written, where arguments are given. */
  readonly call: string | undefined;
  /** Without the batch axis. */
  readonly inputShape: readonly number[] | undefined;
  readonly batchSize: number | undefined;
  /** A preset by name, or a `.npy` file beside the source. */
  readonly data: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** A name with spaces stands last, in quotes. */
const quotedData = /\sdata="([^"]*)"\s*$/;
const pattern = /^\s*gradlens:\s*model\s+([A-Za-z_]\w*)(\s*\(.*\))?(.*)$/;

/** The directives among a file's comments; malformed parts are passed over. */
export function findDirectives(comments: readonly Comment[]): readonly Directive[] {
  return comments.flatMap((comment) => {
    const quoted = quotedData.exec(comment.text);
    const match = pattern.exec(quoted ? comment.text.slice(0, quoted.index) : comment.text);
    const modelName = match?.[1];
    if (!match || modelName === undefined) return [];
    const rest = match[3] ?? '';
    const sizes = /\binput=(\d+(?:x\d+)*)/.exec(rest)?.[1]?.split('x').map(Number);
    const batch = Number(/\bbatch=(\d+)/.exec(rest)?.[1]);
    return [
      {
        modelName,
        call: match[2] ? `${modelName}${match[2].trim()}` : undefined,
        inputShape: sizes?.every((size) => size > 0 && size < 1e6) ? sizes : undefined,
        batchSize: batch > 0 && batch < 1e6 ? batch : undefined,
        data: quoted?.[1] ?? /\bdata=([^\s"]+)/.exec(rest)?.[1],
        start: comment.start,
        end: comment.end,
      },
    ];
  });
}

/** The call that a directive writes out. */
export function parseDirectiveCall(call: string): CallExpression | undefined {
  const [statement] = parsePython(call).module.body;
  return statement?.kind === 'expression' && statement.value.kind === 'call' ? statement.value : undefined;
}
