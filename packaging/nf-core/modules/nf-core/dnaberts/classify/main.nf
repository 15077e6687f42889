process DNABERTS_CLASSIFY {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine in ['singularity', 'apptainer'] && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/dnabert-s:0.2.0--pyhdfd78af_0' :
        'biocontainers/dnabert-s:0.2.0--pyhdfd78af_0' }"

    input:
    tuple val(meta), path(sequences)
    path classifier

    output:
    tuple val(meta), path("${prefix}.tsv"), emit: labels
    tuple val(meta), path("${prefix}.kreport"), emit: kreport
    tuple val("${task.process}"), val('dnabert-s'), eval("dnabert-s --version | sed 's/dnabert-s //'"), emit: versions_dnaberts, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def own = classifier ? "--classifier ${classifier}" : ''
    """
    dnabert-s classify \
        ${sequences} \
        ${own} \
        --output ${prefix}.tsv \
        --kreport ${prefix}.kreport \
        --threads ${task.cpus} \
        ${args}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.tsv ${prefix}.kreport
    """
}
