/** A network as a PyTorch user writes it: what Gradlens reads is what PyTorch runs. */
export interface SpeedNetwork {
  readonly name: string;
  /** Leaves the network in `model`. */
  readonly source: string;
  readonly inputShape: readonly number[];
  /** Layers with weights of a chain, for the cost of one. */
  readonly depth?: number;
  /** What the analytic engine may take: issue 4. */
  readonly limitMs?: number;
}

export const speedNetworks: readonly SpeedNetwork[] = [
  { name: 'MLP 20×256', ...chain(20), limitMs: 5 },
  { name: 'ResNet-18 at 224', ...torchvision('resnet18'), limitMs: 30 },
  { name: 'DenseNet-121 at 224', ...torchvision('densenet121') },
  { name: 'ViT-L/16 at 224', ...torchvision('vit_l_16') },
  { name: '10 layers', ...chain(10) },
  { name: '100 layers', ...chain(100), limitMs: 50 },
  { name: '1,000 layers', ...chain(1000) },
  { name: '100 convolutions at 32', ...convolutions(100), limitMs: 50 },
];

function torchvision(builder: string) {
  const source = `import torch\nfrom torchvision.models import ${builder}\n\nmodel = ${builder}()\n`;
  return { source, inputShape: [3, 224, 224] };
}

function chain(depth: number) {
  const source = `from torch import nn

layers = []
for _ in range(${depth}):
    layers += [nn.Linear(256, 256), nn.ReLU()]
model = nn.Sequential(*layers)
`;
  return { source, inputShape: [256], depth };
}

function convolutions(depth: number) {
  const source = `from torch import nn

layers = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU()]
for _ in range(${depth - 1}):
    layers += [nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()]
model = nn.Sequential(*layers)
`;
  return { source, inputShape: [3, 32, 32], depth };
}
