process DNABERTS_EMBED {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine in ['singularity', 'apptainer'] && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/dnabert-s:0.2.0--pyhdfd78af_0' :
        'biocontainers/dnabert-s:0.2.0--pyhdfd78af_0' }"

    input:
    tuple val(meta), path(sequences)

    output:
    tuple val(meta), path("${prefix}.npy")     , emit: embeddings
    tuple val(meta), path("${prefix}.ids.tsv") , emit: ids
    tuple val(meta), path("${prefix}.run.json"), emit: run
    tuple val("${task.process}"), val('dnabert-s'), eval("dnabert-s --version | sed 's/dnabert-s //'"), emit: versions_dnaberts, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    dnabert-s embed \
        ${sequences} \
        --output ${prefix}.npy \
        --threads ${task.cpus} \
        ${args}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.npy ${prefix}.ids.tsv ${prefix}.run.json
    """
}
