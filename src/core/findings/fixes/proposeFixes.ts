import { findActivation } from '../../activations/catalogue';
import type { NetworkNode } from '../../network/network';
import { isRectifier } from '../../rules/deadRelu';
import { ModelView } from '../../rules/modelView';
import type { Message, TextEdit } from '../finding';
import type { FixCandidate, FixRequest } from './fixCandidate';
import { insertNormalisation } from './insertNormalisation';
import { replaceActivations } from './replaceActivation';
import { softmaxToRelu, zeroBiases } from './replaceCall';
import { scaleData } from './scaleData';
import { type InitialiserChoice, setInitialiser } from './setInitialiser';

/** Edits that may mend the finding, before their effect is computed. */
export function proposeFixes(request: FixRequest): readonly FixCandidate[] {
  const view = new ModelView(request.model.network, request.model.signal);
  const layers = view.trainableLayers.filter(
    (layer) => layer.operation.kind === 'linear' || layer.operation.kind === 'convolution',
  );
  const hiddenLayers = layers.slice(0, -1);
  const activations = view.body.filter(
    (node) => node.operation.kind === 'activation' && view.isHidden(node) && !view.isGate(node),
  );
  const propose = new Proposals(request, activations, hiddenLayers);
  switch (request.finding.rule) {
    case 'saturating-stack':
      return [
        propose.scaledData(),
        propose.initialiser(matchingInitialiser(activations)),
        propose.normalisation(),
        propose.activationAndInitialiser('relu', 'he'),
      ].flat();
    case 'vanishing-gradient':
      return [
        propose.activationAndInitialiser('relu', 'he'),
        propose.normalisation(),
        propose.initialiser(matchingInitialiser(activations)),
        propose.activation('relu'),
        propose.activationAndInitialiser('tanh', 'xavier'),
      ].flat();
    case 'exploding-gradient':
    case 'exploding-activation':
      return [
        propose.scaledData(),
        ...(activations.some((node) => activationId(node) === 'exponential')
          ? [propose.activationAndInitialiser('relu', 'he'), propose.activationAndInitialiser('tanh', 'xavier')]
          : []),
        propose.initialiser(matchingInitialiser(activations)),
        propose.normalisation(),
      ].flat();
    case 'collapsing-activation':
      return [
        propose.initialiser(matchingInitialiser(activations)),
        propose.normalisation(),
        propose.activationAndInitialiser('tanh', 'xavier'),
      ].flat();
    case 'dead-relu':
      return [propose.zeroBiases(view), propose.activation('leaky-relu'), propose.normalisation()].flat();
    case 'born-dead-network':
      return [
        propose.activation('leaky-relu'),
        propose.activationAndInitialiser('tanh', 'xavier'),
        propose.normalisation(),
      ].flat();
    case 'hidden-softmax':
      return propose.withoutSoftmax(view);
    case 'symmetric-init':
      return propose.randomInitialiser(view, matchingInitialiser(activations));
    default:
      return [];
  }
}

/** He for the ReLU family, Xavier for everything that saturates or is linear (He et al. 2015; Glorot & Bengio 2010). */
function matchingInitialiser(activations: readonly NetworkNode[]): InitialiserChoice {
  const rectifiers = activations.filter((node) => {
    const family = findActivation(activationId(node) ?? '')?.family;
    return family === 'rectifier' || family === 'smooth-rectifier';
  });
  return rectifiers.length * 2 > activations.length ? 'he' : 'xavier';
}

function activationId(node: NetworkNode): string | undefined {
  return node.operation.kind === 'activation' ? node.operation.activation.id : undefined;
}

const initialiserTitles: Readonly<Record<InitialiserChoice, string>> = {
  he: 'He',
  xavier: 'Xavier',
  orthogonal: 'orthogonal',
};

/** Builds candidates; each method gives none where the source offers no safe edit. */
class Proposals {
  constructor(
    private readonly request: FixRequest,
    private readonly activations: readonly NetworkNode[],
    private readonly hiddenLayers: readonly NetworkNode[],
  ) {}

  activation(target: string): readonly FixCandidate[] {
    const replaced = this.replaceable(target);
    return candidate(
      { text: 'Replace {old} by {new}', values: { old: labels(replaced), new: titleOf(target) } },
      replaceActivations(this.request, replaced, target),
    );
  }

  initialiser(choice: InitialiserChoice): readonly FixCandidate[] {
    return candidate(
      { text: 'Initialise the weights with {scheme}', values: { scheme: initialiserTitles[choice] } },
      setInitialiser(this.request, this.hiddenLayers, choice),
    );
  }

  activationAndInitialiser(target: string, choice: InitialiserChoice): readonly FixCandidate[] {
    const replaced = this.replaceable(target);
    const activation = replaceActivations(this.request, replaced, target);
    const initialiser = setInitialiser(this.request, this.hiddenLayers, choice);
    return candidate(
      {
        text: 'Replace {old} by {new} and initialise the weights with {scheme}',
        values: { old: labels(replaced), new: titleOf(target), scheme: initialiserTitles[choice] },
      },
      activation && initialiser && [...activation, ...initialiser],
    );
  }

  normalisation(): readonly FixCandidate[] {
    return candidate(
      { text: 'Normalise before each {old}', values: { old: labels(this.activations) } },
      insertNormalisation(this.request, this.activations),
    );
  }

  scaledData(): readonly FixCandidate[] {
    return candidate({ text: 'Divide the pixels by 255', values: {} }, scaleData(this.request));
  }

  zeroBiases(view: ModelView): readonly FixCandidate[] {
    const spans = view.trainableLayers.flatMap((layer) =>
      view.biasesOf(layer).flatMap(({ initialiser }) => {
        const { distribution, span } = initialiser;
        return span && distribution.kind === 'constant' && distribution.value < 0 ? [span] : [];
      }),
    );
    return candidate({ text: 'Start the biases at zero', values: {} }, zeroBiases(this.request, spans));
  }

  withoutSoftmax(view: ModelView): readonly FixCandidate[] {
    const softmax = view.body.find((node) => node.path === this.request.finding.layers[0]);
    return candidate(
      { text: 'Replace the softmax by ReLU', values: {} },
      softmax && softmaxToRelu(this.request, softmax),
    );
  }

  randomInitialiser(view: ModelView, choice: InitialiserChoice): readonly FixCandidate[] {
    const paths = new Set(this.request.finding.layers);
    const layers = view.trainableLayers.filter((layer) => paths.has(layer.path));
    return candidate(
      { text: 'Initialise the weights with {scheme}', values: { scheme: initialiserTitles[choice] } },
      setInitialiser(this.request, layers, choice),
    );
  }

  /** Hidden activations that are not the target already; of a ReLU-only complaint only the rectifiers. */
  private replaceable(target: string): readonly NetworkNode[] {
    const isAboutRelu = target === 'leaky-relu';
    return this.activations.filter((node) => activationId(node) !== target && (!isAboutRelu || isRectifier(node)));
  }
}

function candidate(title: Message, edits: readonly TextEdit[] | undefined): readonly FixCandidate[] {
  return edits && edits.length > 0 ? [{ title, edits }] : [];
}

/** The catalogue's names of the activations, each once. */
function labels(nodes: readonly NetworkNode[]): string {
  return [...new Set(nodes.map((node) => titleOf(activationId(node) ?? '')))].join(', ');
}

function titleOf(id: string): string {
  return findActivation(id)?.title ?? id;
}
