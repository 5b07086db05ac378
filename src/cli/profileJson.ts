import type { Analysis, Assumption, ModelAnalysis, Unknown } from '../core/analysis';
import type { Finding } from '../core/findings/finding';
import type { NetworkNode, Shape } from '../core/network/network';
import { NetworkView } from '../core/network/networkView';
import type { Estimate, NodeSignal } from '../core/signal/profile';
import { formatMessage } from '../protocol/format';
import type { Places } from './places';

/** The JSON of `gradlens profile`; its shape is a contract with scripts (`schema` 1). Ranges are zero-based, end exclusive. */
export function profileJson(analysis: Analysis, places: Places) {
  return {
    schema: 1,
    file: analysis.file,
    models: analysis.models.map((model) => modelJson(model, places)),
    activations: analysis.activations.map(({ name, activation, span }) => ({
      name,
      activation: activation.id,
      parameters: activation.parameters,
      range: places.range(span),
    })),
    findings: analysis.findings.map((finding) => findingJson(finding, places)),
    unknowns: [...analysis.syntaxErrors, ...analysis.unknowns].map((unknown) => unknownJson(unknown, places)),
    unbuilt: analysis.unbuilt.map(({ name, span, missing }) => ({ name, missing, range: places.range(span) })),
    timings: analysis.timings,
  };
}

function modelJson(model: ModelAnalysis, places: Places) {
  const { network, signal } = model;
  const parametersById = new Map(network.parameters.map((parameter) => [parameter.id, parameter]));
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const input = network.nodes[network.inputs[0] ?? -1];
  const output = network.nodes[network.outputs[0] ?? -1];
  return {
    name: model.name,
    framework: model.framework,
    range: places.range(model.span),
    parameters: network.parameters.reduce((sum, parameter) => sum + sizeOf(parameter.shape), 0),
    parameterTensors: network.parameters.length,
    input: { shape: shapeJson(input?.outputShape), statistics: model.input.statistics, assumed: model.input.isAssumed },
    output: { shape: shapeJson(output?.outputShape) },
    runs: signal.runs ?? 0,
    isOfCopy: signal.isOfCopy ?? false,
    layers: new NetworkView(network).body.map((node) =>
      layerJson(
        node,
        signal.nodes[node.id],
        node.parameters.reduce((sum, use) => sum + sizeOf(parametersById.get(use.parameter)?.shape ?? [0]), 0),
        places,
      ),
    ),
    findings: model.findings.map((finding) => findingJson(finding, places)),
    origins: model.origins.map(({ subject, value, from, span, refused }) => ({
      ...subject,
      value,
      from,
      range: span && places.range(span),
      refused,
    })),
    assumptions: model.assumptions.map((assumption) => assumptionJson(assumption, places)),
    unknowns: model.unknowns.map((unknown) => unknownJson(unknown, places)),
  };
}

function layerJson(node: NetworkNode, signal: NodeSignal | undefined, parameters: number, places: Places) {
  const weightGradients = Object.entries(signal?.weightGradients ?? {}).map(([role, estimate]) => [
    `${role}WeightGradient`,
    estimateJson(estimate),
  ]);
  return {
    path: node.path,
    op: node.label,
    kind: node.operation.kind,
    range: places.range(node.provenance.made),
    outputShape: shapeJson(node.outputShape),
    parameters,
    activation: estimateJson(signal?.activation),
    gradient: estimateJson(signal?.gradient),
    weightGradient: estimateJson(signal?.weightGradient),
    ...Object.fromEntries(weightGradients),
    saturated: signal?.saturated,
    saturatedSpread: signal?.saturatedSpread,
    preactivation: signal?.preactivation,
    steps: signal?.steps,
    flags: signal?.flags ?? [],
  };
}

function estimateJson(estimate: Estimate | undefined) {
  if (!estimate || !Number.isFinite(estimate.log10Rms)) return undefined;
  return { log10Rms: estimate.log10Rms, sd: estimate.sd, band: estimate.band };
}

/** Batch sizes stand as `B`, `2B`; what is not known as null. */
function shapeJson(shape: Shape) {
  return shape?.map((dim) => {
    if (typeof dim !== 'object') return dim ?? null;
    return dim.perBatch === 1 ? 'B' : `${dim.perBatch}B`;
  });
}

export function findingJson(finding: Finding, places: Places) {
  return {
    rule: finding.rule,
    severity: finding.severity,
    message: formatMessage(finding.message),
    range: places.range(finding.span),
    related: finding.related.map(({ span, message }) => ({
      range: places.range(span),
      message: formatMessage(message),
    })),
    fixes: finding.fixes.map(({ title, effect, edits, isPreferred }) => ({
      title: formatMessage(title),
      effect,
      isPreferred,
      edits: edits.map((edit) => ({ file: edit.span.file, range: places.range(edit.span), newText: edit.newText })),
    })),
  };
}

function assumptionJson({ what, value, span }: Assumption, places: Places) {
  return { what: formatMessage(what), value, range: span && places.range(span) };
}

function unknownJson({ reason, span }: Unknown, places: Places) {
  return { reason: formatMessage(reason), range: places.range(span) };
}
