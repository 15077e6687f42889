//
// Bins of each assembly, with the depth of all its samples as evidence
//
include { DNABERTS_DEPTH } from '../../../modules/nf-core/dnaberts/depth/main'
include { DNABERTS_BIN   } from '../../../modules/nf-core/dnaberts/bin/main'

workflow DNABERTS_BINNING {
    take:
    ch_assemblies // channel: [ val(meta), path(fasta), [ path(bam), ... ] ]

    main:
    DNABERTS_DEPTH(ch_assemblies.map { meta, _fasta, bams -> [meta, bams] })

    DNABERTS_BIN(
        ch_assemblies
            .map { meta, fasta, _bams -> [meta, fasta] }
            .join(DNABERTS_DEPTH.out.depth)
            .map { meta, fasta, depth -> [meta, fasta, [], depth] }
    )

    emit:
    depth      = DNABERTS_DEPTH.out.depth    // channel: [ val(meta), path(tsv) ]
    bins       = DNABERTS_BIN.out.bins       // channel: [ val(meta), [ path(fa.gz), ... ] ]
    unbinned   = DNABERTS_BIN.out.unbinned   // channel: [ val(meta), path(fa.gz) ]
    contig2bin = DNABERTS_BIN.out.contig2bin // channel: [ val(meta), path(tsv) ]
    table      = DNABERTS_BIN.out.table      // channel: [ val(meta), path(tsv) ]
    multiqc    = DNABERTS_BIN.out.multiqc    // channel: [ val(meta), [ path(json), ... ] ]
}
