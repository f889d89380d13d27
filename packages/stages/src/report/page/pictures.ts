import type { Answers, WorstAnswer } from "../answers.ts"
import type { Mistake, Mistakes } from "../mistakes.ts"
import type { ChangedPair, ShownImage } from "../report.ts"
import type { Thumbnail } from "../thumbnail.ts"
import { element, type Markup } from "./markup.ts"

const embedded = ({ type, bytes }: Thumbnail): string =>
  `data:${type};base64,${Buffer.from(bytes).toString("base64")}`

/** Pairs whose answer changed, gained ones first. */
export const pairCards = (pairs: ReadonlyArray<ChangedPair>): ReadonlyArray<Markup> => {
  const shown = (change: ChangedPair["change"], title: string): ReadonlyArray<Markup> => {
    const some = pairs.filter((pair) => pair.change === change)
    if (some.length === 0) return []
    return [element("h3", {}, title), element("ul", { class: "pairs" }, ...some.map(pairCard))]
  }
  return [...shown("gained", "Right only after"), ...shown("lost", "Right only before")]
}

const pairCard = ({ category, images }: ChangedPair): Markup =>
  element(
    "li",
    {},
    element("bdi", {}, category),
    element("div", { class: "two" }, ...images.map(imageFigure)),
  )

const imageFigure = (image: ShownImage): Markup =>
  element(
    "figure",
    {},
    element("img", { alt: image.statement, src: embedded(image) }),
    element("figcaption", {}, image.statement),
  )

/** The worst answers of a model, as pictures where the benchmark was given. */
export const worstCards = ({ worst }: Answers): Markup =>
  element("ul", { class: "worst" }, ...worst.map(worstCard))

const worstCard = ({ key, label, answer, excess, picture }: WorstAnswer): Markup =>
  element(
    "li",
    {},
    picture === undefined
      ? ""
      : element("img", { alt: `${label}, taken for ${answer}`, src: embedded(picture) }),
    element("div", {}, element("bdi", { class: "wrong" }, answer), " for ", element("bdi", {}, label)),
    element("small", {}, `by ${excess.toFixed(1)}, ${key}`),
  )

/** Mistakes with what they are about, its own image beside the one that was taken for it. */
export const mistakeCards = ({ worst }: Mistakes): Markup =>
  element("ul", { class: "pairs" }, ...worst.map(mistakeCard))

const mistakeCard = ({ text, told, images }: Mistake): Markup =>
  element(
    "li",
    {},
    element("bdi", {}, text),
    element("small", {}, told),
    element(
      "div",
      { class: "two" },
      ...images.flatMap(({ role, picture }) =>
        picture === undefined
          ? []
          : [
              element(
                "figure",
                {},
                element("img", { alt: role === "" ? text : `${role}: ${text}`, src: embedded(picture) }),
                element("figcaption", {}, role),
              ),
            ],
      ),
    ),
  )
