import type { Budget, CancelSignal, Clock } from '../project';
import type { Span } from '../span';
import { type DeferredNames, Keepers, PendingImports } from './deferredNames';
import { makeUnknown } from './make';
import { PythonRaise } from './pythonRaise';
import type { SourceModule } from './sourceModule';
import type {
  CallTrail,
  ClassValue,
  FrameworkModules,
  FunctionValue,
  ModuleValue,
  Scope,
  UnknownValue,
  Value,
} from './values';

/** What a running piece of code sees of itself. */
export interface Frame {
  readonly scope: Scope;
  readonly moduleScope: Scope;
  readonly file: string;
  readonly function: FunctionValue | undefined;
  /** The first argument, for zero-argument `super()`. */
  readonly self: Value | undefined;
  /** What a generator has yielded so far. */
  readonly yields: Value[] | undefined;
  /** Takes what a generator yields, where somebody waits for each. */
  onYield?: ((value: Value) => Value) | undefined;
  returned: Value | undefined;
  /** Inside a comprehension: the scope around it, where a walrus binds. */
  readonly outerScope?: Scope;
  /** While a class body runs. */
  readonly classBeingMade?: ClassValue;
  /** Whose code called this one. */
  readonly caller?: Frame;
}

/** A call and the calls around it: a linked list, made into a trail only when somebody asks. */
export class CallSite {
  #trail: CallTrail | undefined;

  constructor(
    readonly span: Span,
    readonly parent: CallSite | undefined,
  ) {}

  get trail(): CallTrail {
    if (!this.#trail) {
      const trail: Span[] = [];
      for (let site: CallSite | undefined = this; site && trail.length < maximumTrail; site = site.parent) {
        trail.push(site.span);
      }
      this.#trail = trail;
    }
    return this.#trail;
  }
}

const maximumTrail = 64;

/** Gives other files of the project to imports. */
export interface ModuleResolver {
  /**
   * The module `dottedName`, after `level` leading dots, as seen from `fromFile`; undefined where there is none to read. `unread` ends the
   * evaluation: its file has to be read first.
   */
  resolve(dottedName: string, level: number, fromFile: string): ResolvedModule | 'unread' | undefined;
  /** Under which dotted name a file is imported; undefined where it lies in no package. */
  nameOf?(file: string): string | undefined;
  /** Why a module, after `level` leading dots, is not there; undefined where there is nothing to say. */
  whyMissing?(level: number): string | undefined;
}

export interface ResolvedModule {
  readonly file: string;
  readonly isPackage: boolean;
  readonly source: SourceModule;
}

export interface MachineOptions {
  readonly frameworks: FrameworkModules;
  readonly modules?: ModuleResolver;
  /** The file whose reader is told of unknowns and assumptions: those of other files are placed at the call that led there. */
  readonly openFile?: string;
  readonly budget?: Partial<Budget>;
  /** Of the time budget, before this evaluation. */
  readonly spentMs?: number;
  readonly clock: Clock;
  readonly cancel?: CancelSignal;
}

export interface RecordedUnknown {
  readonly reason: string;
  readonly span: Span | undefined;
}

export interface RecordedAssumption {
  readonly what: string;
  readonly value: string;
  readonly span: Span | undefined;
}

export const defaultBudget: Budget = { steps: 1_000_000, depth: 120, size: 10_000, timeMs: 2_000 };
const maximumRecords = 500;
/** Nested evaluations of our own, well below what JavaScript's stack holds. */
const maximumNesting = 900;
const stepsBetweenLooks = 256;

/** State of one evaluation: fuel, records, the current call. The evaluator's functions take it as their first argument. */
export class Machine {
  readonly frameworks: FrameworkModules;
  readonly modules: ModuleResolver | undefined;
  readonly openFile: string | undefined;
  readonly budget: Budget;
  readonly unknowns: RecordedUnknown[] = [];
  readonly assumptions: RecordedAssumption[] = [];
  /** By file. */
  readonly loadedModules = new Map<string, ModuleValue>();
  /** By file, for every module that was loaded. */
  readonly deferredNames = new Map<string, DeferredNames>();
  readonly pendingImports = new PendingImports();
  readonly keepers = new Keepers();
  /** Bodies of other modules that are running. */
  importing = 0;
  site: CallSite | undefined;
  frame: Frame | undefined;
  /** `try` statements with handlers around the current statement. */
  tryDepth = 0;
  /** What the handler that runs has caught, for a bare `raise`. */
  handled: PythonRaise | undefined;
  callDepth = 0;
  nesting = 0;
  /** Calls that were nested too deeply. */
  overflows = 0;
  /** Calls that mark a training step (`backward`, `step`). */
  trainingSteps = 0;
  /** Calls after which gradients add up anew (`zero_grad`, `step`). */
  gradientRounds = 0;
  /** Objects made by calling a class. */
  constructions = 0;
  /** Objects that native functions returned: tensors. */
  nativeResults = 0;
  /** Branches taken on unknown conditions. */
  undecided = 0;

  readonly #nativeChanges: { readonly cls: ClassValue; readonly name: string; readonly before: Value | undefined }[] =
    [];
  #steps = 0;
  #exhausted: string | undefined;
  readonly #clock: Clock;
  readonly #cancel: CancelSignal | undefined;
  readonly #deadline: number;
  readonly #recorded = new Set<string>();

  constructor(options: MachineOptions) {
    this.frameworks = options.frameworks;
    this.modules = options.modules;
    this.openFile = options.openFile;
    this.budget = { ...defaultBudget, ...options.budget };
    this.#clock = options.clock;
    this.#cancel = options.cancel;
    this.#deadline = options.clock() + this.budget.timeMs - (options.spentMs ?? 0);
  }

  /** An attribute of a native class is about to change. */
  noteNativeChange(cls: ClassValue, name: string): void {
    this.#nativeChanges.push({ cls, name, before: cls.namespace.get(name) });
  }

  restoreNativeClasses(): void {
    for (const { cls, name, before } of this.#nativeChanges.reverse()) {
      if (before) cls.namespace.set(name, before);
      else cls.namespace.delete(name);
    }
    this.#nativeChanges.length = 0;
  }

  get steps(): number {
    return this.#steps;
  }

  get isExhausted(): boolean {
    return this.#exhausted !== undefined;
  }

  /** Why evaluation stopped, if it did. */
  get exhaustion(): string | undefined {
    return this.#exhausted;
  }

  /** Counts one step; false when nothing more may be evaluated. */
  step(): boolean {
    if (this.#exhausted !== undefined) return false;
    if (++this.#steps % stepsBetweenLooks === 0) this.#look();
    return this.#exhausted === undefined;
  }

  /** Fuel for work inside a native function, such as a long loop. */
  spend(steps: number): boolean {
    this.#steps += steps;
    this.#look();
    return this.#exhausted === undefined;
  }

  #look(): void {
    if (this.#steps > this.budget.steps) this.exhaust(`evaluation stopped after ${this.budget.steps} steps`);
    else if (this.#cancel?.cancelled) this.exhaust('evaluation was cancelled');
    else if (this.#clock() > this.#deadline) this.exhaust(`evaluation stopped after ${this.budget.timeMs} ms`);
  }

  exhaust(reason: string): void {
    if (this.#exhausted !== undefined) return;
    this.#exhausted = reason;
    this.recordUnknown(reason, this.site?.span);
  }

  /** The value of everything once fuel has run out. */
  exhaustedValue(span: Span | undefined): UnknownValue {
    return makeUnknown(this.#exhausted ?? 'evaluation stopped', span);
  }

  get isNestedTooDeeply(): boolean {
    return this.nesting > maximumNesting;
  }

  recordUnknown(reason: string, span: Span | undefined): void {
    const key = `${reason}@${span?.file}:${span?.start}:${span?.end}`;
    if (this.#recorded.has(key) || this.unknowns.length >= maximumRecords) return;
    this.#recorded.add(key);
    this.unknowns.push({ reason, span: this.#placeInOpenFile(span) });
  }

  /** Records an unknown and gives it as a value. */
  unknown(reason: string, span: Span | undefined): UnknownValue {
    this.recordUnknown(reason, span);
    return makeUnknown(reason, span);
  }

  assume(what: string, value: string, span: Span | undefined): void {
    const key = `${what}=${value}@${span?.file}:${span?.start}`;
    if (this.#recorded.has(key) || this.assumptions.length >= maximumRecords) return;
    this.#recorded.add(key);
    this.assumptions.push({ what, value, span: this.#placeInOpenFile(span) });
  }

  #placeInOpenFile(span: Span | undefined): Span | undefined {
    if (!span || this.openFile === undefined || span.file === this.openFile) return span;
    for (let site = this.site; site; site = site.parent) if (site.span.file === this.openFile) return site.span;
    return span;
  }

  /** What Python would raise: raised where a `try` of the user's waits for it, else an unknown. */
  fail(exception: string, message: string, span: Span | undefined): UnknownValue {
    if (this.tryDepth > 0) throw new PythonRaise(exception, message, undefined);
    return this.unknown(message, span);
  }
}
