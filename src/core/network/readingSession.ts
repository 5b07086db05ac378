import type { DeclaredLoss, ModelApplication, TraceSession } from '../frameworks/framework';
import type { CallTrail, InstanceValue } from '../python/values';
import type { FedWith, Shape } from './network';
import { type TracedTensor, Tracer } from './tracer';

export interface SeenLoss {
  readonly tensor: TracedTensor;
  readonly trail: CallTrail;
  readonly round?: number;
}

export interface SeenApplication extends ModelApplication {
  /** True where an argument was not known and an assumed input stood in for it. */
  readonly usesAssumedInput: boolean;
}

/** Nodes of one file's trace, all models and re-applications together. */
const maximumNodes = 200_000;

/** Collects what the frameworks report while one file is evaluated. */
export class ReadingSession implements TraceSession {
  readonly tracer: Tracer;
  readonly applications: SeenApplication[] = [];
  readonly losses: SeenLoss[] = [];
  readonly declaredLosses: DeclaredLoss[] = [];
  mismatches: string[] = [];
  #depth = 0;
  #usesAssumedInput = false;

  constructor(batchSize: number, file?: string) {
    this.tracer = new Tracer(batchSize, maximumNodes, file);
  }

  get isInsideModel(): boolean {
    return this.#depth > 0;
  }

  enterModel(): void {
    if (this.#depth === 0) this.#usesAssumedInput = false;
    this.#depth++;
  }

  leaveModel(application: ModelApplication): void {
    this.#depth--;
    if (this.#depth > 0) return;
    const all = (tensors: readonly TracedTensor[]) => tensors.map((tensor) => this.tracer.allOf(tensor));
    this.applications.push({
      ...application,
      inputs: all(application.inputs),
      outputs: all(application.outputs),
      usesAssumedInput: this.#usesAssumedInput,
    });
  }

  /** A stand-in of unknown shape: which shape the model wants is worked out afterwards, by applying it again. */
  assumedInput(_model: InstanceValue, parameterName: string): TracedTensor | undefined {
    this.#usesAssumedInput = true;
    return this.inputTensor(undefined, 'real', parameterName, []);
  }

  lossSeen(tensor: TracedTensor, trail: CallTrail, round?: number): void {
    this.losses.push({ tensor, trail, ...(round !== undefined && { round }) });
  }

  lossDeclared(loss: DeclaredLoss): void {
    this.declaredLosses.push(loss);
  }

  shapeMismatch(description: string): void {
    if (this.mismatches.length < 100) this.mismatches.push(description);
  }

  /** A new model input. */
  inputTensor(shape: Shape, content: 'real' | 'tokens', name: string, trail: CallTrail, drawn?: FedWith): TracedTensor {
    const operation = { kind: 'input', index: 0, content, ...(drawn && { drawn }) } as const;
    return this.tracer.add({ operation, inputs: [], shape, name: name || 'input', label: 'input', applied: trail });
  }
}
