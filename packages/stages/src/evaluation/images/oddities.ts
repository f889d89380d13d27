import { StageFailure } from "@diva-pipeline/core"
import { imageOf, readSamples } from "../../formats/index.ts"
import { type Benchmark, openBenchmark, otherSplits } from "../benchmarks/index.ts"
import { BENCHMARKS } from "../catalogue/index.ts"
import { digestOfImage, type Samples } from "./samples.ts"

/** How many names a sentence gives. */
const SHOWN = 3

const few = (names: ReadonlyArray<string>): string =>
  `${names.slice(0, SHOWN).join("; ")}${names.length > SHOWN ? " …" : ""}`

const counted = (count: number, one: string, several: string): string =>
  `${count} ${count === 1 ? one : several}`

/** What the benchmark's own lists have that they should not, in sentences. */
export const odditiesOfLists = (
  { task, classnames }: Benchmark,
  { keys, labels, targets, captions }: Samples,
): ReadonlyArray<string> => {
  const found: Array<string> = []
  const count = new Map<string, number>()
  for (const name of classnames) count.set(name, (count.get(name) ?? 0) + 1)
  const twice = [...count].flatMap(([name, times]) => (times > 1 && name !== "" ? [name] : []))
  if (twice.length > 0) found.push(`classes of one name: ${few(twice)}`)
  const nameless = classnames.flatMap((name, label) => (name === "" ? [String(label)] : []))
  if (nameless.length > 0) found.push(`classes without a name: ${few(nameless)}`)
  const seen = new Set(labels ?? targets?.flat())
  const unseen = classnames.filter((_, label) => !seen.has(label))
  if (unseen.length > 0)
    found.push(`${counted(unseen.length, "class has", "classes have")} no image: ${few(unseen)}`)
  const without = keys.filter((_, index) => targets?.[index]?.length === 0)
  if (without.length > 0)
    found.push(`${counted(without.length, "image has", "images have")} no label: ${few(without)}`)
  if (task === "retrieval" && new Set(captions).size > 1)
    found.push(
      `images have from ${Math.min(...(captions ?? []))} to ${Math.max(...(captions ?? []))} captions`,
    )
  return found
}

/** Captions without a word, in a sentence. */
export const odditiesOfCaptions = (keys: ReadonlyArray<string>): ReadonlyArray<string> =>
  keys.length === 0
    ? []
    : [`${counted(keys.length, "image has", "images have")} an empty caption: ${few(keys)}`]

/** Images that are there more than once, byte by byte, in sentences. */
export const odditiesOfImages = ({
  keys,
  digests = [],
  labels,
  questions,
}: Samples): ReadonlyArray<string> => {
  const first = new Map<string, number>()
  const same: Array<string> = []
  const contrary: Array<string> = []
  digests.forEach((digest, index) => {
    const other = first.get(digest)
    if (other === undefined) {
      first.set(digest, index)
      return
    }
    const names = `${keys[other]} and ${keys[index]}`
    // In MMVP's layout some images stand in several pairs.
    const isContrary = labels?.[other] !== labels?.[index] || (questions !== undefined && other === index - 1)
    ;(isContrary ? contrary : same).push(names)
  })
  return [
    ...(same.length === 0
      ? []
      : [`${counted(same.length, "image is", "images are")} there twice: ${few(same)}`]),
    ...(contrary.length === 0
      ? []
      : [
          `${counted(contrary.length, "image is", "images are")} there twice, with different answers: ${few(contrary)}`,
        ]),
  ]
}

/** How many samples and classes there should be, by the catalogue. */
export const odditiesOfSize = (
  name: string | undefined,
  split: string,
  { classnames }: Pick<Benchmark, "classnames">,
  { keys, questions }: Samples,
): ReadonlyArray<string> => {
  const entry = BENCHMARKS.find((known) => known.name === name && known.split === split)
  if (entry === undefined) return []
  const categories = new Set(questions?.map(({ category }) => category))
  const found = [
    ["images", keys.length, entry.size],
    questions === undefined
      ? ["classes", classnames.length, entry.classes ?? 0]
      : ["categories", categories.size, entry.classes ?? 0],
  ] as const
  return found.flatMap(([what, count, expected]) =>
    count === expected ? [] : [`${what} of ${entry.title}: ${count} here, ${expected} in the catalogue`],
  )
}

/**
 * Images that are in another split of the benchmark as well, or in other data that is given, byte by byte.
 *
 * @param against more folders of data, such as what a model was trained on
 */
export const odditiesAcross = async (
  folder: string,
  split: string,
  against: ReadonlyArray<string>,
  { keys, digests = [] }: Samples,
  signal: AbortSignal,
): Promise<ReadonlyArray<string>> => {
  const own = new Map(digests.map((digest, index): [string, string] => [digest, keys[index] ?? ""]))
  const found: Array<string> = []
  for (const other of await otherSplits(folder, split))
    found.push(
      ...(await sharedWith(own, `the split ${other}`, benchmarkImages(folder, other), signal).catch(
        (cause: unknown) => {
          if (!(cause instanceof StageFailure)) throw cause
          return [`the split ${other} beside it can't be read, so that it was not compared`]
        },
      )),
    )
  // By its place in the list: where the folder is says nothing elsewhere.
  for (const [place, data] of against.entries())
    found.push(...(await sharedWith(own, `the data of against[${place}]`, dataImages(data), signal)))
  return found
}

async function* benchmarkImages(folder: string, split: string): AsyncGenerator<Uint8Array> {
  const { samples } = await openBenchmark(folder, split)
  for await (const { image } of samples()) yield image
}

async function* dataImages(folder: string): AsyncGenerator<Uint8Array> {
  for await (const sample of readSamples(folder)) {
    const image = imageOf(sample)
    if (image !== undefined) yield image
  }
}

const sharedWith = async (
  own: ReadonlyMap<string, string>,
  name: string,
  images: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<ReadonlyArray<string>> => {
  const shared = new Set<string>()
  for await (const image of images) {
    signal.throwIfAborted()
    const key = own.get(digestOfImage(image))
    if (key !== undefined) shared.add(key)
  }
  return shared.size === 0
    ? []
    : [`${counted(shared.size, "image is", "images are")} also in ${name}: ${few([...shared])}`]
}
