import { evaluate, spanOf } from './expressions';
import type { Frame, Machine } from './machine';
import type { Expression, IfStatement, Statement } from './syntax';
import { truthOf } from './truth';

/**
 * Which branch of an `if` is taken: true for the body. The policy on an unknown condition, in this order:
 * - a body that only leaves (raises, asserts, exits, returns at once, continues or breaks) or only logs is not taken;
 * - where the other branch only leaves or logs, the body is taken;
 * - else the body is taken, and that is recorded as an assumption.
 */
export function evaluateCondition(machine: Machine, frame: Frame, node: IfStatement): boolean {
  const truth = truthOf(machine, evaluate(machine, frame, node.test));
  if (truth !== undefined) return truth;
  machine.undecided++;
  const span = spanOf(frame, node.test);
  if (isAside(node.body)) {
    // Logging alone decides nothing that anybody would want to know.
    if (!node.body.every(isLogging)) machine.assume('condition', 'false', span);
    return false;
  }
  machine.assume('condition', 'true', span);
  return true;
}

/** True for a block off the main path: it only logs, or ends by leaving. */
function isAside(body: readonly Statement[]): boolean {
  if (body.every(isLogging)) return true;
  const last = body.at(-1);
  if (!last) return true;
  if (last.kind === 'raise' || last.kind === 'continue' || last.kind === 'break') return true;
  if (last.kind === 'assert') return body.slice(0, -1).every(isLogging);
  if (last.kind === 'return') return body.slice(0, -1).every(isLogging);
  return last.kind === 'expression' && isExit(last.value);
}

function isLogging(statement: Statement): boolean {
  if (statement.kind === 'pass') return true;
  if (statement.kind !== 'expression') return false;
  const { value } = statement;
  if (value.kind === 'string' || value.kind === 'ellipsis') return true;
  if (value.kind !== 'call') return false;
  const name = dottedName(value.callee);
  return /^(print|pprint|logging\.|logger\.|log\.|warnings\.warn|self\.log|tqdm\.write|wandb\.log|writer\.add_|plt\.)/.test(
    name,
  );
}

function isExit(value: Expression): boolean {
  return value.kind === 'call' && /^(sys\.exit|exit|quit|os\._exit)$/.test(dottedName(value.callee));
}

function dottedName(node: Expression): string {
  if (node.kind === 'name') return node.name;
  return node.kind === 'attribute' ? `${dottedName(node.object)}.${node.attribute.name}` : '';
}
