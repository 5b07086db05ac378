import type { ParameterId } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { none } from '../../python/make';
import type { CallContext, ClassValue, InstanceValue, ModuleValue, Value } from '../../python/values';
import type { Framework, GivenArguments, OpenFramework, TraceSession } from '../framework';
import { applyModule, forwardParameters, isModelClass, isModelInstance, tensorsIn } from './applyModule';
import { containerClasses } from './containers';
import { distributionClasses } from './distributions';
import { withTensors } from './givenArguments';
import { type LayerEntry, layerClass, qualifiedName } from './layer';
import { activationLayers } from './layers/activation';
import { adaptiveLayers } from './layers/adaptive';
import { attentionLayers } from './layers/attention';
import { convolutionLayers } from './layers/convolution';
import { dropoutLayers } from './layers/dropout';
import { embeddingLayers } from './layers/embedding';
import { linearLayers } from './layers/linear';
import { lossLayers } from './layers/loss';
import { normalisationLayers } from './layers/normalisation';
import { pairedLayers } from './layers/paired';
import { poolingLayers } from './layers/pooling';
import { quantizationLayers } from './layers/quantization';
import { recurrentLayers } from './layers/recurrent';
import { reshapingLayers } from './layers/reshaping';
import { transformerLayers } from './layers/transformer';
import { wrapperLayers } from './layers/wrapper';
import { lightningModules, lightningRoots } from './lightning';
import { moduleClass } from './moduleClass';
import { nameParameters, unsizedParameters } from './moduleTree';
import { torchModules } from './packages';
import { packedSequenceClass } from './packedSequence';
import { parameterClass } from './parameterClass';
import { TorchState } from './state';
import { tensorClass } from './tensorClass';

const layers: readonly LayerEntry[] = [
  ...linearLayers,
  ...convolutionLayers,
  ...normalisationLayers,
  ...poolingLayers,
  ...dropoutLayers,
  ...embeddingLayers,
  ...activationLayers,
  ...recurrentLayers,
  ...attentionLayers,
  ...transformerLayers,
  ...reshapingLayers,
  ...lossLayers,
  ...pairedLayers,
  ...adaptiveLayers,
  ...wrapperLayers,
  ...quantizationLayers,
];

const layerEntries = new Map(layers.map((entry) => [entry.name, entry]));
const layerNames = new Map(layers.map((entry) => [qualifiedName(entry), entry.name]));

/** PyTorch, as of 2.13. */
export const torch: Framework = {
  id: 'torch',
  importRoots: ['torch', 'einops', ...lightningRoots],
  modelPackages: [
    'diffusers',
    'efficientnet_pytorch',
    'fastai',
    'kornia',
    'labml_nn',
    'monai',
    'open_clip',
    'segmentation_models_pytorch',
    'timm',
    'torch_geometric',
    'torchaudio',
    'torchvision',
    'transformers',
    'vit_pytorch',
    'x_transformers',
  ],
  open: (session) => new OpenTorch(session),
};

class OpenTorch implements OpenFramework {
  #state: TorchState;
  readonly #modules: ReadonlyMap<string, ModuleValue>;
  readonly #lightning: ReadonlyMap<string, ModuleValue>;

  constructor(session: TraceSession) {
    const state = (): TorchState => this.#state;
    const tensor = tensorClass(state);
    const parameter = parameterClass(state, tensor);
    const module = moduleClass(state);
    const containers = containerClasses(state, module);
    const list = containers.find((cls) => cls.name === 'torch.nn.ModuleList') ?? module;
    const lookup = (name: string) => this.#modules.get('torch')?.lookup(name) ?? none;
    this.#state = new TorchState(session, tensor, parameter, module, list, lookup, (name) => {
      const entry = layerEntries.get(name);
      return entry && { entry, class: layerClass(state, entry, module) };
    });
    const distributions = distributionClasses(state);
    const classes: ClassValue[] = [module, parameter, packedSequenceClass, ...containers, ...distributions];
    this.#modules = torchModules(state, classes, layerNames, tensor, (name) =>
      layerClass(state, unknownLayer(name), module),
    );
    this.#lightning = lightningModules(state, module);
  }

  reopen(session: TraceSession): void {
    this.#state = this.#state.reopened(session);
  }

  module(dottedName: string): ModuleValue | undefined {
    const [root = ''] = dottedName.split('.');
    const known = this.#modules.get(dottedName) ?? this.#lightning.get(root);
    if (known || !dottedName.startsWith('torch.')) return known;
    if (dottedName.startsWith('torch.nn.modules.')) return this.#modules.get('torch.nn');
    return this.#modules.get(dottedName.slice(0, dottedName.lastIndexOf('.')));
  }

  isModelClass(value: ClassValue): boolean {
    return isModelClass(this.#state, value);
  }

  isModel(value: Value): value is InstanceValue {
    return isModelInstance(this.#state, value);
  }

  tensorValue(tensor: TracedTensor): Value {
    return this.#state.tensorValue(tensor);
  }

  tensorsIn(value: Value): readonly TracedTensor[] {
    return tensorsIn(this.#state, value);
  }

  parametersOf(model: InstanceValue): readonly ParameterId[] {
    return nameParameters(this.#state, model);
  }

  unsizedParametersOf(model: InstanceValue): readonly string[] {
    return unsizedParameters(this.#state, model);
  }

  declaredInputShapes(): undefined {
    return undefined;
  }

  forwardParameters(model: InstanceValue): readonly { readonly name: string; readonly hasDefault: boolean }[] {
    return forwardParameters(this.#state, model);
  }

  apply(model: InstanceValue, inputs: readonly Value[], context: CallContext, like?: GivenArguments): Value {
    const plain: GivenArguments = { positional: inputs, named: new Map() };
    const args = like ? (withTensors(this.#state, like, inputs) ?? plain) : plain;
    return applyModule(this.#state, model, { ...args, positionalSpans: [], namedSpans: new Map() }, context);
  }
}

/** A layer that no table has: constructed without parameters, applied as an unknown node. */
function unknownLayer(name: string): LayerEntry {
  return {
    name,
    signature: '*args',
    forwardSignature: '*args',
    forward: (_layer, call) => call.unknown(`torch.nn.${name} is not known yet`),
  };
}
