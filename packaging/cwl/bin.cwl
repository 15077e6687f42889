cwlVersion: v1.2
class: CommandLineTool
label: dnabert-s bin
doc: Sort the contigs of an assembly into species bins.

baseCommand: [dnabert-s, bin]
arguments:
  - prefix: --threads
    valueFrom: $(runtime.cores)

requirements:
  ResourceRequirement:
    coresMin: 2
    ramMin: 4096
hints:
  SoftwareRequirement:
    packages:
      dnabert-s:
        version: ["0.2.0"]
  DockerRequirement:
    dockerPull: quay.io/biocontainers/dnabert-s:0.2.0--pyhdfd78af_0

inputs:
  contigs:
    type: File
    doc: Contigs of one assembly, FASTA, plain or compressed
    inputBinding: {position: 1}
  bams:
    type: File[]?
    doc: Sorted BAM or CRAM files, one per sample; no index is needed
    inputBinding: {prefix: --bam}
  depth:
    type: File[]?
    doc: Depth tables, such as those of jgi_summarize_bam_contig_depths
    inputBinding: {prefix: --depth}
  output:
    type: string
    default: bins_out
    doc: Name of the output folder
    inputBinding: {prefix: --output}
  prefix:
    type: string?
    doc: What the names of bins begin with
    inputBinding: {prefix: --prefix}
  min_length:
    type: int?
    doc: Skip contigs shorter than this, in bases
    inputBinding: {prefix: --min-length}
  min_bin:
    type: int?
    doc: Minimum size of a bin, in bases
    inputBinding: {prefix: --min-bin}
  no_markers:
    type: boolean?
    doc: Skip single-copy genes; completeness and contamination are then unknown
    inputBinding: {prefix: --no-markers}
  mqc:
    type: boolean?
    doc: Also write files for MultiQC
    inputBinding: {prefix: --mqc}

outputs:
  bins:
    type: File[]
    outputBinding: {glob: $(inputs.output)/bins/*.fa}
  contig2bin:
    type: File
    outputBinding: {glob: $(inputs.output)/contig2bin.tsv}
  table:
    type: File
    outputBinding: {glob: $(inputs.output)/bins.tsv}
  report:
    type: File?
    outputBinding: {glob: $(inputs.output)/report.html}
  multiqc:
    type: File[]
    outputBinding: {glob: $(inputs.output)/*_mqc.json}
  run:
    type: File
    outputBinding: {glob: $(inputs.output)/run.json}
