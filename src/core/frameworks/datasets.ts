/** What the samples of a well-known data set look like before the source changes their scale. */
export type DatasetContent = 'strokes' | 'photographs' | 'table' | 'text';

/**
 * By the name that a loader or class goes by, lower case with neither `-` nor `_`: torchvision 0.28 `datasets`, Keras 3.15 `keras.datasets`,
 * TensorFlow Datasets, Hugging Face Datasets, scikit-learn 1.7 `datasets`.
 */
const contents: Readonly<Record<DatasetContent, readonly string[]>> = {
  strokes: ['mnist', 'fashionmnist', 'kmnist', 'qmnist', 'emnist', 'omniglot', 'usps', 'mnist784', 'ylecun/mnist'],
  photographs: [
    'caltech101',
    'caltech256',
    'celeba',
    'cifar10',
    'cifar100',
    'cityscapes',
    'cocodetection',
    'eurosat',
    'fgvcaircraft',
    'flickr8k',
    'flickr30k',
    'flowers102',
    'food101',
    'gtsrb',
    'imagefolder',
    'imagedatasetfromdirectory',
    'imagenet',
    'imagenette',
    'kinetics',
    'lfwpeople',
    'lsun',
    'oxfordiiitpet',
    'pcam',
    'places365',
    'stanfordcars',
    'stl10',
    'svhn',
    'tfflowers',
    'vocdetection',
    'vocsegmentation',
  ],
  table: ['californiahousing', 'bostonhousing', 'loadiris', 'loadbreastcancer', 'loadwine', 'loaddiabetes'],
  text: ['imdb', 'imdbreviews', 'reuters', 'agnews', 'wikitext'],
};

const byName = new Map(
  Object.entries(contents).flatMap(([content, names]) => names.map((name) => [name, content as DatasetContent])),
);

/** `FashionMNIST`, `fashion_mnist` and `fashion-mnist` are one. */
export function datasetContent(name: string): DatasetContent | undefined {
  return byName.get(name.toLowerCase().replace(/[-_]/g, ''));
}
