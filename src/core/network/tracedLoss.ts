import type { EntryPoint } from './entryPoints';
import type { NetworkNode, NodeId, ParameterId } from './network';
import type { ReadingSession, SeenApplication, SeenLoss } from './readingSession';

export interface TracedLoss {
  readonly from: SeenApplication;
  readonly end: NodeId;
}

/**
 * Of the model's applications like its first one the first that a loss is computed from; one to inputs that another model makes comes last,
 * as its loss may train that one only (a discriminator in its generator's step).
 */
export function tracedLoss(session: ReadingSession, { application, open, model }: EntryPoint): TracedLoss | undefined {
  if (!application) return undefined;
  const own = new Set(open.parametersOf(model));
  let fed: TracedLoss | undefined;
  for (const from of applicationsLike(session, application)) {
    const end = lossBehind(session, from, own);
    if (end === undefined) continue;
    const inputs = from.inputs.map(({ node }) => node);
    if (!isFedByOthers(session.tracer.nodes, inputs, own)) return { from, end };
    fed ??= { from, end };
  }
  return fed;
}

/**
 * The application whose inputs the model is shown with: of its first and those like it the first that a loss is computed from, if there are
 * any, whose inputs no layers outside the model make; else the first.
 */
export function shownApplication(
  session: ReadingSession,
  { application }: Pick<EntryPoint, 'application'>,
): SeenApplication | undefined {
  if (!application) return undefined;
  const alike = applicationsLike(session, application);
  const trained = alike.filter((from) => hasLoss(session, from));
  const candidates = trained.length > 0 ? trained : alike;
  const isFed = ({ inputs }: SeenApplication) => inputs.some(({ node }) => session.tracer.isLearned(node));
  return candidates.find((from) => !isFed(from)) ?? candidates[0];
}

/** An application and those of the same model that give the same shapes. */
function applicationsLike({ applications }: ReadingSession, application: SeenApplication): readonly SeenApplication[] {
  const shapesOf = ({ outputs }: SeenApplication) => JSON.stringify(outputs.map(({ shape }) => shape));
  const isAlike = (other: SeenApplication) =>
    other !== application && other.model === application.model && shapesOf(other) === shapesOf(application);
  return [application, ...applications.filter(isAlike)].slice(0, mostApplications);
}

/** Training applies a model again and again. */
const mostApplications = 8;

/** True where a gradient that reaches these nodes goes on into weights that are not the model's. */
function isFedByOthers(
  nodes: readonly NetworkNode[],
  inputs: readonly NodeId[],
  own: ReadonlySet<ParameterId>,
): boolean {
  const feeding = differentiatedFrom(nodes, inputs);
  return [...feeding].some((id) => nodes[id]?.parameters.some(({ parameter }) => !own.has(parameter)));
}

/** True where the loss is computed by way of other models' applications. */
export function leadsThrough(
  nodes: readonly NetworkNode[],
  { from, end }: TracedLoss,
  others: readonly SeenApplication[],
): boolean {
  const way = [...differentiatedFrom(nodes, [end])].filter((id) => id >= from.endNode);
  return way.some((id) => others.some(({ firstNode, endNode }) => id >= firstNode && id < endNode));
}

function hasLoss(session: ReadingSession, application: SeenApplication): boolean {
  const { seen, made } = reachedLoss(session, application);
  return seen !== undefined || made !== undefined;
}

/** The end of what the source computes from the application's outputs: where `backward` starts, else a loss node. */
function lossBehind(
  session: ReadingSession,
  application: SeenApplication,
  own: ReadonlySet<ParameterId>,
): NodeId | undefined {
  const { seen, made } = reachedLoss(session, application);
  return seen ? addedUp(session, seen, own) : made;
}

/** Of what is computed from the application's outputs what is differentiated first, and else the first loss. */
function reachedLoss({ tracer, losses }: ReadingSession, { outputs, firstNode, endNode }: SeenApplication) {
  const { nodes } = tracer;
  const reached = new Set<NodeId>(outputs.map(({ node }) => node));
  // A model may keep a loss of its own outputs: `self.loss = F.cross_entropy(logits, targets)`.
  for (let id = firstNode; id < nodes.length; id++) {
    const node = nodes[id];
    if (node && !isStopped(node) && node.inputs.some((input) => reached.has(input))) reached.add(id);
  }
  const seen = losses.find(({ tensor }) => reached.has(tensor.node));
  const made = seen
    ? undefined
    : nodes.find(({ id, operation }) => id >= endNode && operation.kind === 'loss' && reached.has(id))?.id;
  return { seen, made };
}

/**
 * The loss with those whose gradients add to what it leaves in the model's own weights: the gradient is that of their sum. One that gets there
 * by way of what another model makes is that model's, unless the loss itself is such a one.
 */
function addedUp(
  { tracer, losses }: ReadingSession,
  { tensor, trail, round }: SeenLoss,
  own: ReadonlySet<ParameterId>,
): NodeId {
  const { nodes } = tracer;
  const usesOf = (end: NodeId) =>
    [...differentiatedFrom(nodes, [end])].filter((id) =>
      nodes[id]?.parameters.some(({ parameter }) => own.has(parameter)),
    );
  const isFed = (uses: readonly NodeId[]) =>
    isFedByOthers(
      nodes,
      uses.flatMap((id) => nodes[id]?.inputs ?? []),
      own,
    );
  const isOthersAllowed = isFed(usesOf(tensor.node));
  const together = losses.filter((other) => {
    if (round === undefined || other.round !== round) return false;
    const uses = usesOf(other.tensor.node);
    return uses.length > 0 && (isOthersAllowed || !isFed(uses));
  });
  if (together.length < 2) return tensor.node;
  const site = { shape: [], name: 'loss', label: 'loss', applied: trail };
  const inputs = together.map((other) => {
    if (other.tensor.shape?.length === 0) return other.tensor;
    const axes = (other.tensor.shape ?? []).map((_, axis) => axis);
    return tracer.add({ operation: { kind: 'reduction', variant: 'sum', axes }, inputs: [other.tensor], ...site });
  });
  return tracer.add({ operation: { kind: 'sum', coefficients: inputs.map(() => 1) }, inputs, ...site }).node;
}

/** Nodes that a gradient from these ends reaches. */
export function differentiatedFrom(nodes: readonly NetworkNode[], ends: readonly NodeId[]): ReadonlySet<NodeId> {
  const reached = new Set<NodeId>(ends);
  for (let id = Math.max(-1, ...ends); id >= 0; id--) {
    const node = nodes[id];
    if (node && reached.has(id) && !isStopped(node)) for (const input of node.inputs) reached.add(input);
  }
  return reached;
}

function isStopped({ operation }: NetworkNode): boolean {
  return operation.kind === 'identity' && operation.stopsGradient === true;
}
