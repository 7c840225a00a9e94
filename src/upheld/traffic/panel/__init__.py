"""WHAT OTHERS MAY RUN ON THE SITES: tags as the merchant declares them, held to the policy, and the panel in which visitors choose."""
