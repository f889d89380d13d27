import { type TSchemaOptions, type TString, Type } from "typebox"

/** The schema of an input that is an artefact: a text at run time, of a kind that the types know. */
export interface TArtefact<Kind extends string = string> extends TString {
  artefact: Kind
}

/**
 * The schema of an input that is an artefact: in the pipeline an output of another stage
 * (`${{ stages.images.outputs.shards }}`) or a local path; at run time the absolute path of a file or folder.
 *
 * @param kind what the artefact must be, such as `webdataset`; several kinds are separated by ` | `;
 *   `any` stands for every kind, of an input as of an output
 */
export const artefact = <const Kind extends string>(
  kind: Kind,
  options: TSchemaOptions = {},
): TArtefact<Kind> => Object.assign(Type.String(options), { artefact: kind })
