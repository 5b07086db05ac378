import { useActivation } from '../../../activations/catalogue';
import { subtract, z } from '../../../activations/construct';
import type { ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { addExpression, addSum } from '../../tensor/elementwise';
import { sliceAxis } from '../../tensor/rearranging';
import { addNode, type Site } from '../../tensor/trace';
import type { Layer } from '../layer';
import type { RecurrentCell } from './recurrent';

export interface CellStates {
  readonly hidden: TracedTensor;
  /** LSTM. */
  readonly memory?: TracedTensor;
}

/** One step of `nn.RNNCell`, `nn.LSTMCell` or `nn.GRUCell`, gate by gate (PyTorch 2.13 `nn/modules/rnn.py`); the new hidden state stands under the cell's own path. */
export class CellStep {
  constructor(
    readonly layer: Layer,
    readonly cell: RecurrentCell,
    readonly input: TracedTensor,
    /** Undefined where the step begins with zeros. */
    readonly before: CellStates | undefined,
    readonly units: number,
    readonly site: Site,
  ) {}

  next(): CellStates {
    const fromInput = this.#linear('ih', this.input);
    const hidden = this.before?.hidden ?? this.#zeros();
    const fromHidden = this.#linear('hh', hidden);
    if (this.cell === 'gru') return { hidden: this.#gru(fromInput, fromHidden, hidden) };
    const total = this.#sum([fromInput, fromHidden], 'preactivation');
    if (this.cell === 'rnn') {
      const activation = this.layer.text('nonlinearity') === 'relu' ? 'relu' : 'tanh';
      return { hidden: this.#activate(activation, total, this.site) };
    }
    const [written, kept, opened] = [0, 1, 3].map((gate) => this.#activate('sigmoid', this.#part(total, gate)));
    const candidate = this.#activate('tanh', this.#part(total, 2));
    const old = this.before?.memory ?? this.#zeros();
    const memory = this.#sum([this.#product(kept, old), this.#product(written, candidate)], 'cell_state');
    return { hidden: this.#product(opened, this.#activate('tanh', memory), this.site), memory };
  }

  #gru(fromInput: TracedTensor, fromHidden: TracedTensor, hidden: TracedTensor): TracedTensor {
    const gate = (index: number) =>
      this.#activate('sigmoid', this.#sum([this.#part(fromInput, index), this.#part(fromHidden, index)], 'gate'));
    const recalled = this.#product(gate(0), this.#part(fromHidden, 2));
    const candidate = this.#activate('tanh', this.#sum([this.#part(fromInput, 2), recalled], 'candidate'));
    const update = gate(1);
    const { session } = this.layer.state;
    const open = addExpression(session, subtract(1, z), [update], update.shape, this.#inner('open'));
    return addSum(session, [this.#product(open, candidate), this.#product(update, hidden)], [1, 1], this.site);
  }

  #linear(which: 'ih' | 'hh', source: TracedTensor): TracedTensor {
    const { layer } = this;
    const uses: readonly ParameterUse[] = [
      ...layer.state.use('weight', layer.get(`weight_${which}`)),
      ...layer.state.use('bias', layer.get(`bias_${which}`)),
    ];
    const [outFeatures = 0, inFeatures = 0] = layer.state.payloadOf(layer.get(`weight_${which}`))?.shape ?? [];
    const shape: Shape = source.shape && [...source.shape.slice(0, -1), outFeatures];
    const operation = { kind: 'linear', inFeatures: Number(inFeatures), outFeatures: Number(outFeatures) } as const;
    return addNode(layer.state.session, operation, [source], shape, this.#inner(`linear_${which}`), uses);
  }

  #part(gates: TracedTensor, index: number): TracedTensor {
    const range = { from: index * this.units, to: (index + 1) * this.units, step: 1, drop: false };
    const axis = (gates.shape?.length ?? 2) - 1;
    return sliceAxis(this.layer.state.session, gates, axis, range, this.#inner('gate'));
  }

  #activate(id: 'sigmoid' | 'tanh' | 'relu', tensor: TracedTensor, site = this.#inner(id)): TracedTensor {
    const operation = { kind: 'activation', activation: useActivation(id) } as const;
    return addNode(this.layer.state.session, operation, [tensor], tensor.shape, site);
  }

  #product(first: TracedTensor | undefined, second: TracedTensor, site = this.#inner('product')): TracedTensor {
    const factors = first ? [first, second] : [second];
    return addNode(this.layer.state.session, { kind: 'product' }, factors, second.shape, site);
  }

  #sum(tensors: readonly TracedTensor[], name: string): TracedTensor {
    return addSum(
      this.layer.state.session,
      tensors,
      tensors.map(() => 1),
      this.#inner(name),
    );
  }

  #zeros(): TracedTensor {
    const shape = this.input.shape && [...this.input.shape.slice(0, -1), this.units];
    return addNode(this.layer.state.session, { kind: 'constant', value: 0 }, [], shape, this.#inner('initial_state'));
  }

  /** Below the cell's own path. */
  #inner(name: string): Site {
    const { path } = this.site;
    return { ...this.site, name, label: name, ...(path !== undefined && { path: `${path}.${name}` }) };
  }
}
