import type { Answers } from "../answers.ts"
import type { Drawing } from "./draw.ts"
import { colour } from "./theme.ts"

/** What images of each class were taken for, in shares of the class's images. */
export const confusionMatrix = ({ name, confusion, classes }: Answers, id: string): Drawing => {
  const values = confusion.map((square) => ({
    right: classes[square.label] ?? "",
    taken: classes[square.answer] ?? "",
    count: square.count,
    share: square.share,
    correct: square.label === square.answer,
  }))
  const step = classes.length > 12 ? 26 : 40
  const axis = {
    domain: false,
    labelColor: colour("ink"),
    labelLimit: 140,
    labelFontSize: 12,
    titleFontSize: 12,
  }
  const x = { field: "taken", type: "nominal" as const, sort: [...classes] }
  const y = { field: "right", type: "nominal" as const, sort: [...classes], title: "class" }
  return {
    name: `confusion-${id}`,
    title: `${name}: what each class was taken for`,
    text: values
      .filter(({ correct }) => !correct)
      .sort((a, b) => b.count - a.count)
      .slice(0, 5)
      .map(({ right, taken, count }) => `${right} taken for ${taken}: ${count}.`)
      .join(" "),
    spec: {
      width: { step },
      height: { step },
      data: { values },
      encoding: {
        x: {
          ...x,
          title: "taken for",
          axis: { ...axis, orient: "top", labelAngle: -45, labelAlign: "left" },
        },
        y: { ...y, axis },
      },
      layer: [
        {
          mark: { type: "rect", stroke: colour("page"), strokeWidth: 1.5, cornerRadius: 2 },
          encoding: {
            color: { condition: { test: "datum.correct", value: colour("after") }, value: colour("worse") },
            fillOpacity: {
              field: "share",
              type: "quantitative",
              scale: { domain: [0, 1], range: [0.05, 0.95] },
              legend: null,
            },
          },
        },
        {
          mark: { type: "text", fontSize: classes.length > 12 ? 9 : 11.5 },
          transform: [{ filter: "datum.count > 0" }],
          encoding: {
            text: { field: "count", type: "quantitative" },
            color: { condition: { test: "datum.share > 0.5", value: colour("page") }, value: colour("ink") },
          },
        },
      ],
    },
  }
}
